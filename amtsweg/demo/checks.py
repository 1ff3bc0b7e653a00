"""The bill at the end: what was posted against what every store says became of it. Pure; no I/O."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from uuid import UUID

from amtsweg.demo.demo_words import case_word
from amtsweg.demo.scenarios import PARKED_TOLD, Posting, told
from amtsweg.language import said
from shared.events.competence import CompetenceDecision
from shared.events.ids import message_id


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenPosting:
    """A request that was answered 202. ``seconds`` from request to answer; ``posted_at`` as Unix seconds."""

    posting: Posting
    submission: UUID
    case: UUID
    receipt_number: str
    posted_at: float
    seconds: float


@dataclass(slots=True, kw_only=True)
class Seen:
    """What the stores hold, each read at its own door.

    ``inbox`` counts records per (authority, submission), read committed; ``readable_at`` is the Unix second
    at which a consumer first saw one. ``parked``, ``decisions`` and ``decided`` are by case, ``mails`` by message id,
    ``unknown_mails`` those of which nobody knows whether they left, ``repeats`` how often one was offered again; ``events`` are the ids of this run's
    events on the audited topics, ``leaves`` counts the log's entries by event id.
    """

    inbox: Counter[tuple[str, UUID]] = field(default_factory=Counter)
    readable_at: dict[UUID, float] = field(default_factory=dict)
    parked: dict[UUID, str] = field(default_factory=dict)
    decisions: dict[UUID, CompetenceDecision] = field(default_factory=dict)
    decided: set[UUID] = field(default_factory=set)
    mails: Counter[str] = field(default_factory=Counter)
    unknown_mails: int = 0
    repeats: Counter[str] = field(default_factory=Counter)
    events: set[UUID] = field(default_factory=set)
    leaves: Counter[UUID] = field(default_factory=Counter)
    log_verified: str | None = None


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line of the bill: what must hold, what was found, and whether they agree."""

    what: str
    expected: str
    found: str
    holds: bool


def check_all(requests: int, taken: Sequence[TakenPosting], seen: Seen) -> tuple[BillLine, ...]:
    """Hold every promise that the demo can see against what the stores say."""
    first = {t.submission: t for t in taken if not t.posting.repetition}
    return (
        _equal(
            said(de="Anfragen, alle mit 202 beantwortet", en="Requests, all answered 202"),
            requests,
            len(taken),
        ),
        _repetitions(taken),
        _equal(
            said(
                de="jede Sendung genau einmal im Eingang oder geparkt",
                en="each submission once in an inbox, or parked",
            ),
            len(first),
            _placed_once(first, seen),
        ),
        _wrongly(first.values(), seen),
        _equal(
            said(de="Vorgänge beim Amt, alle entschieden", en="Cases at an authority, all decided"),
            sum(t.case not in seen.parked for t in first.values()),
            len(seen.decided & {t.case for t in first.values()}),
        ),
        _mails(first.values(), seen),
        _leaves(seen),
        BillLine(
            said(de="Protokoll von fremdem Prüfer bestätigt", en="Log confirmed by somebody else's verifier"),
            said(de="ja", en="yes"),
            seen.log_verified or said(de="nein", en="no"),
            bool(seen.log_verified),
        ),
    )


def per_authority(taken: Iterable[TakenPosting], seen: Seen) -> Mapping[str, int]:
    """How many submissions of this run lie in each authority's inbox, most first."""
    ours = {t.submission for t in taken}
    counts: Counter[str] = Counter()
    for (authority, submission), records in seen.inbox.items():
        if submission in ours:
            counts[authority] += records
    return dict(counts.most_common())


def one_of_each_kind(taken: Iterable[TakenPosting], seen: Seen) -> Mapping[str, CompetenceDecision]:
    """The decision on the first case of each kind, as the router recorded it, by what was asked for."""
    kinds: dict[str, CompetenceDecision] = {}
    for t in taken:
        if t.case in seen.decisions:
            kinds.setdefault(t.posting.what, seen.decisions[t.case])
    return kinds


def latencies(taken: Iterable[TakenPosting], seen: Seen) -> Mapping[str, float]:
    """Milliseconds: request to 202, and request to readable in the inbox, p50 and p99 of each."""
    answer = [t.seconds * 1000 for t in taken]
    inbox = [
        (seen.readable_at[t.submission] - t.posted_at) * 1000
        for t in taken
        if not t.posting.repetition and t.submission in seen.readable_at
    ]
    return {
        "acceptedP50": percentile(answer, 50),
        "acceptedP99": percentile(answer, 99),
        "inboxP50": percentile(inbox, 50),
        "inboxP99": percentile(inbox, 99),
    }


def percentile(values: Sequence[float], percent: int) -> float:
    """The percentile by linear interpolation; 0.0 of nothing."""
    if len(values) < 2:  # noqa: PLR2004 - quantiles need two points
        return values[0] if values else 0.0
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def _placed_once(first: Mapping[UUID, TakenPosting], seen: Seen) -> int:
    records: Counter[UUID] = Counter()
    for (_, submission), count in seen.inbox.items():
        records[submission] += count
    return sum((records[s] == 1) != (t.case in seen.parked and records[s] == 0) for s, t in first.items())


def _wrongly(first: Iterable[TakenPosting], seen: Seen) -> BillLine:
    wrong = [case_word(t.posting.what) for t in first if not _as_the_law_says(t, seen)]
    return BillLine(
        said(de="jede dort, wo das Gesetz sie sieht", en="each where the law wants it"),
        said(de="0 Abweichungen", en="0 deviations"),
        ", ".join(wrong[:3]) or said(de="0 Abweichungen", en="0 deviations"),
        not wrong,
    )


def _as_the_law_says(taken: TakenPosting, seen: Seen) -> bool:
    if taken.posting.authority is None:
        return seen.parked.get(taken.case) == taken.posting.reason
    return seen.inbox[(taken.posting.authority, taken.submission)] == 1


def _repetitions(taken: Sequence[TakenPosting]) -> BillLine:
    receipts: dict[str, set[tuple[UUID, str]]] = {}
    for t in taken:
        receipts.setdefault(t.posting.idempotency_key, set()).add((t.submission, t.receipt_number))
    repeated = {t.posting.idempotency_key for t in taken if t.posting.repetition}
    same = sum(len(receipts[key]) == 1 for key in repeated)
    return _equal(
        said(de="wiederholte Anfragen mit derselben Quittung", en="Repeated requests with the same receipt"),
        len(repeated),
        same,
    )


def _mails(first: Iterable[TakenPosting], seen: Seen) -> BillLine:
    expected = expected_mails(first, parked=seen.parked)
    once = sum(seen.mails[m] == 1 for m in expected)
    # After a crash between DATA and its answer nobody knows who has the mail: by its kind it stays "unknown", or is
    # offered again with the same Message-ID. Either is on the record, and so no mail is doubled in silence.
    repeated = sum(1 < seen.mails[m] <= 1 + seen.repeats[m] for m in expected)
    doubled = sum(seen.mails[m] > 1 + seen.repeats[m] for m in expected)
    unknown = (
        said(de=f", {seen.unknown_mails} ungewiss", en=f", {seen.unknown_mails} uncertain")
        if seen.unknown_mails
        else ""
    )
    again = (
        said(de=f", {repeated} nach einem Abbruch wiederholt", en=f", {repeated} repeated after a crash")
        if repeated
        else ""
    )
    holds = not doubled and len(expected) - once - repeated <= seen.unknown_mails
    found = said(
        de=f"{once} einmal, {doubled} doppelt{again}{unknown}",
        en=f"{once} once, {doubled} twice{again}{unknown}",
    )
    return BillLine(
        said(de="E-Mails, jede genau einmal", en="E-mails, each exactly once"),
        said(de=f"{len(expected)} einmal, 0 doppelt", en=f"{len(expected)} once, 0 twice"),
        found,
        holds,
    )


def expected_mails(taken: Iterable[TakenPosting], *, parked: Container[UUID]) -> set[str]:
    """The ids of the messages that each case leads to."""
    return {
        str(message_id(t.case, kind, 1, "applicant", "email"))
        for t in taken
        for kind in (PARKED_TOLD if t.case in parked else told(t.posting.body["service"]))
    }


def _leaves(seen: Seen) -> BillLine:
    once = sum(seen.leaves[event] == 1 for event in seen.events)
    holds = bool(seen.events) and once == len(seen.events)
    return BillLine(
        said(de="Ereignisse, jedes genau einmal im Protokoll", en="Events, each exactly once in the log"),
        str(len(seen.events)),
        str(once),
        holds,
    )


def _equal(what: str, expected: int, found: int) -> BillLine:
    return BillLine(what, str(expected), str(found), expected == found)
