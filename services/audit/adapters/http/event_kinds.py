"""A kind of entry as a question names it; one that no log knows is refused, since an empty answer would mislead."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from services.audit.domain.schemas import payload_schemas

_BEFORE: Final = "de.amtsweg."
_BEHIND: Final = ".v1"


def _known(kind: str) -> str:
    whole = kind if kind.startswith(_BEFORE) else f"{_BEFORE}{kind}{_BEHIND}"
    if whole not in payload_schemas():
        kinds = ", ".join(
            sorted(each.removeprefix(_BEFORE).removesuffix(_BEHIND) for each in payload_schemas())
        )
        raise PydanticCustomError("enum", "not a kind of entry", {"expected": kinds})
    return whole


def _listed(schema: dict[str, Any]) -> None:
    schema["enum"] = sorted(payload_schemas())


EventKind = Annotated[str, AfterValidator(_known), Field(json_schema_extra=_listed)]
"""``de.amtsweg.SubmissionReceived.v1``, or ``SubmissionReceived`` alone."""
