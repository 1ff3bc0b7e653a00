"""What an authority's client has to show, and whether what was seen shows it. Pure; no I/O, no clock."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from uuid import UUID

from shared.events.ids import child_id

MARK: Final = "amtswegCheck"
"""The member of the content by which a client knows a test submission; with the same one it reports."""

REFUSAL: Final = "case-unknown"
"""What a door says at once, whatever its view of custody holds by then."""

StepName = Literal[
    "delivered",
    "accepted",
    "decrypted",
    "repeated",
    "refused",
    "asked",
    "supplement-delivered",
    "supplement-decrypted",
    "decided",
    "document",
    "confirmed",
]


@dataclass(frozen=True, slots=True)
class CheckStep:
    """``shown`` is what counts as passed, ``missing`` what the client has to do; German and English."""

    name: StepName
    shown: tuple[str, str]
    missing: tuple[str, str]


STEPS: Final[tuple[CheckStep, ...]] = (
    CheckStep(
        "delivered",
        ("Antrag liegt im Eingang", "submission lies in the inbox"),
        ("nichts für den Client: der Router hat nicht zugestellt", "not for the client: the router has not delivered"),
    ),
    CheckStep(
        "accepted",
        ("geholt und angenommen", "fetched and accepted"),
        ("den Eingang lesen, mit kind accepted antworten", "read the inbox, answer with kind accepted"),
    ),
    CheckStep(
        "decrypted",
        ("entschlüsselt: das Prüfwort kam versiegelt zurück", "decrypted: the test word came back sealed"),
        (
            "das Prüfwort (word) in text eines versiegelten content zurückgeben",
            "give the test word back in text of a sealed content",
        ),
    ),
    CheckStep(
        "repeated",
        ("dieselbe id zweimal, dieselbe Antwort", "the same id twice, the same answer"),
        (
            "die Annahme zweimal unter derselben id senden und beide answerId melden (answerIds)",
            "send the acceptance twice under the same id, and report both answerId (answerIds)",
        ),
    ),
    CheckStep(
        "refused",
        ("eine Ablehnung verstanden", "a refusal understood"),
        (
            "eine erfundene Fallnummer annehmen, und den type der Ablehnung melden (refused)",
            "accept an invented case number, and report the refusal's type (refused)",
        ),
    ),
    CheckStep(
        "asked",
        ("Unterlagen nachgefordert, Liste versiegelt", "information requested, list sealed"),
        (
            "mit kind information-requested nachfordern; die Liste (missing) steht versiegelt in content und notice",
            "answer with kind information-requested; the list (missing) is sealed in content and notice",
        ),
    ),
    CheckStep(
        "supplement-delivered",
        ("Nachreichung liegt im Eingang", "supplement lies in the inbox"),
        ("sie folgt auf die Nachforderung", "it follows the request for information"),
    ),
    CheckStep(
        "supplement-decrypted",
        ("Nachreichung entschlüsselt", "supplement decrypted"),
        (
            "SupplementDelivered lesen; sein Prüfwort in text der Entscheidung zurückgeben",
            "read SupplementDelivered; give its test word back in text of the decision",
        ),
    ),
    CheckStep(
        "decided",
        ("entschieden", "decided"),
        ("nach der Nachreichung mit kind decided antworten", "answer with kind decided after the supplement"),
    ),
    CheckStep(
        "document",
        ("Bescheid versiegelt beigelegt", "decision document enclosed, sealed"),
        ("der Entscheidung ein Dokument beilegen (content.documents)", "enclose a document with the decision (content.documents)"),
    ),
    CheckStep(
        "confirmed",
        ("bestätigt: die Stelle im Eingang ist weiter", "confirmed: the inbox position has moved on"),
        (
            "bestätigen: POST /v1/inbox/confirmation, oder Commit der Gruppe",
            "confirm: POST /v1/inbox/confirmation, or a commit of the group",
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOpened:
    """An answer's sealed part as the platform client opened it; empty where there was none, or it did not open."""

    kind: str
    answer_id: UUID
    content: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Free text, or nothing."""
        return str(self.content.get("text") or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSeen:
    """What can be seen of a case from outside at one instant.

    ``lines`` are the history's events, by code, with their ids. ``position`` is what the authority's group has
    committed, ``records`` the places of the submission and the supplement in the inbox, as far as they lie there.
    """

    words: tuple[str, str]
    lines: Mapping[str, UUID] = field(default_factory=dict)
    answers: Sequence[AnswerOpened] = ()
    records: Mapping[Literal["submission", "supplement"], int] = field(default_factory=dict)
    position: int = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be expected of the client than to confirm."""
        return bool({"granted", "refused", "withdrawn"} & self.lines.keys())


def passed(seen: CaseSeen) -> frozenset[StepName]:
    """The steps that this shows."""
    return frozenset(_passed(seen))


def _passed(seen: CaseSeen) -> Iterator[StepName]:
    texts = [each.text for each in seen.answers]
    reports = [report for text in texts if (report := _report(text)) is not None]
    decided = [each for each in seen.answers if each.kind == "decided"]
    shows: dict[StepName, bool] = {
        "delivered": "submission" in seen.records,
        "accepted": "accepted" in seen.lines,
        "decrypted": any(seen.words[0] in text for text in texts),
        "repeated": any(_twice_the_same(report, seen.lines.get("accepted")) for report in reports),
        "refused": any(str(report.get("refused")).rpartition(":")[2] == REFUSAL for report in reports),
        "asked": any(each.kind == "information-requested" and each.content.get("missing") for each in seen.answers),
        "supplement-delivered": "supplement" in seen.records,
        "supplement-decrypted": any(seen.words[1] in each.text for each in decided),
        "decided": bool({"granted", "refused"} & seen.lines.keys()),
        "document": any(each.content.get("documents") for each in decided),
        "confirmed": bool(seen.records) and seen.position > max(seen.records.values()),
    }  # fmt: skip
    yield from (name for name, holds in shows.items() if holds)


def _report(text: str) -> Mapping[str, Any] | None:
    """What the client says about what it was answered: JSON in the text of a sealed part."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    report = document.get(MARK) if isinstance(document, dict) else None
    return report if isinstance(report, dict) else None


def _twice_the_same(report: Mapping[str, Any], accepted: UUID | None) -> bool:
    """Whether both answers named the id from which the event of the acceptance follows."""
    told = report.get("answerIds")
    if accepted is None or not isinstance(told, list) or len(told) < 2:  # noqa: PLR2004 - twice
        return False
    try:
        return all(child_id(UUID(str(each)), "accepted") == accepted for each in told)
    except ValueError:
        return False
