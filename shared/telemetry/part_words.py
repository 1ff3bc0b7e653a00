"""What the parts that a service names at `/health/ready` are for, and what helps: for people, in one language.

A service's own reason is English, as its log is; `reason_words` says it in the reader's language.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from shared.bounded_files import read_bounded_text
from shared.local_time import ReadIn
from shared.telemetry.reason_words import reason_words

BEGUN_ANEW = ", begun anew"
"""Ends the name of a part that has just been started again within its process."""

ONE_COPY = "one copy: "
"""How the part `copies` begins its reason where the cluster has a single broker."""

_UNKNOWN: Mapping[str, Any] = {
    "means": {
        "de": "Dieser Teil arbeitet nicht wie vorgesehen",
        "en": "This part does not work as it should",
    },
    "do": "log",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartWords:
    """A part in one language: its name, why it does not work, what is missing meanwhile, and what to do."""

    name: str
    why: str
    means: str
    do: str


def words_for(service: str, part: str, reason: str = "", *, language: ReadIn) -> PartWords:
    """The words for this part of a service, which gave this reason; one that the table does not know keeps its own name."""
    known = _known(service, part) or {**_UNKNOWN, "name": {"de": part, "en": part}}
    do = next((each for words, each in _table()["reasons"].items() if words in reason), known["do"])
    do = do if isinstance(do, dict) else _table()["advice"][do]
    return PartWords(
        name=known["name"][language],
        why=reason_words(reason, language),
        means=known["means"][language],
        do=do[language].replace("{service}", service),
    )


def is_meant_on_one_machine(part: str, reason: str) -> bool:
    """Whether this is how a stack on one machine is meant to be: its one broker keeps one copy."""
    return part == "copies" and reason.startswith(ONE_COPY)


def _known(service: str, part: str) -> Mapping[str, Any] | None:
    plain = part.removesuffix(BEGUN_ANEW)
    parts: Mapping[str, Mapping[str, Any]] = _table()["parts"]
    return parts.get(f"{service}/{plain}") or parts.get(plain)


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(read_bounded_text(Path(__file__).with_suffix(".toml")))
