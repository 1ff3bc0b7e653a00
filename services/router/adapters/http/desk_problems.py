"""What the clearing desk refuses, in German and English: what is the matter, and how to mend it."""

from typing import Final, NamedTuple

from services.router.adapters.http.desk_documents import name_of
from services.router.domain.cases.assignment_reason import BadAssignmentReason
from services.router.domain.cases.desk import Ineffective, Obstacle
from services.router.domain.directory.model import Directory
from shared.web.platform_reference import PLATFORM_REFERENCE
from shared.web.problems import Problem


class _Said(NamedTuple):
    status: int
    title: str
    detail: str
    resolution: str


_SAID: Final[dict[Obstacle, _Said]] = {
    "not-at-the-desk": _Said(
        404,
        "Nicht bei der Klärungsstelle (not at the desk)",
        "Unter dieser Nummer ist kein Vorgang geparkt: Es gibt sie nicht, oder das Verzeichnis hat entschieden.",
        f"Nummer prüfen; GET /v1/parked zeigt, was wartet (see what waits). {PLATFORM_REFERENCE}",
    ),
    "already-routed": _Said(
        409,
        "Schon entschieden (already routed)",
        "Der Vorgang ist nicht mehr geparkt; er liegt bei {authority}.",
        "Nichts zu tun (nothing to do). Wer ihn zugewiesen hat, steht im Protokoll.",
    ),
    "not-unconfirmed": _Said(
        409,
        "Nicht unbestätigt (not unconfirmed)",
        "Der Vorgang liegt nicht seit 20 Tagen unbestätigt bei einer Stelle.",
        "Nichts zu tun (nothing to do); GET /v1/parked zeigt, was wartet (see what waits).",
    ),
    "unknown-authority": _Said(
        422,
        "Stelle unbekannt (unknown authority)",
        "Die Stelle in authority steht heute nicht im Verzeichnis.",
        "Kennung prüfen, zum Beispiel g-06531005 (check the id).",
    ),
    "not-a-candidate": _Said(
        422,
        "Keine der Stellen, die in Betracht kommen (not a candidate)",
        "In Betracht kommen: {candidates}.",
        "Ist die Stelle in authority trotzdem gemeint, outsideCandidates auf true setzen (confirm that it is meant).",
    ),
    "not-connected": _Said(
        422,
        "Stelle nicht erreichbar (authority not connected)",
        "Die Stelle in authority hat keinen Eingang oder keinen Schlüssel, oder der Inhalt ist nicht für sie lesbar zu machen. "
        "Der Vorgang bleibt geparkt.",
        "Die Stelle anschließen lassen oder eine andere nennen, mit neuem Idempotency-Key (have it connected).",
    ),
    "failed": _Said(
        500,
        "Auftrag gescheitert (order failed)",
        "Der Router ist an dem Auftrag gescheitert. Der Vorgang bleibt geparkt.",
        "Die Betreiberin rufen: Der Auftrag liegt bei den unzustellbaren Sätzen (ask the operator; see dead letters).",
    ),
}


def no_effect(told: Ineffective, *, directory: Directory) -> Problem:
    """Why the order changes nothing; names the authorities that matter."""
    said = _SAID[told.obstacle]
    waiting = told.waiting
    authority = waiting.held.authority if waiting is not None else None
    candidates = waiting.candidates if waiting is not None else ()
    detail = said.detail.format(
        authority=_named(authority or "", directory),
        candidates="; ".join(_named(each, directory) for each in candidates),
    )
    return Problem(said.status, told.obstacle, title=said.title, detail=detail, resolution=said.resolution)


def bad_assignment_reason(bad: BadAssignmentReason) -> Problem:
    """The reason cannot be kept."""
    return Problem(
        422,
        "bad-reason",
        title="Begründung nicht verwendbar (reason cannot be kept)",
        detail=f"reason: {bad}",
        resolution="Die Zuständigkeit begründen, ohne Angaben zu Personen (give the ground of competence, not people).",
    )


def bad_cursor() -> Problem:
    """The cursor is not one of ours."""
    return Problem(
        422,
        "bad-cursor",
        title="Stelle in der Liste unbekannt (bad cursor)",
        detail="after ist keine Stelle dieser Liste.",
        resolution="next aus der vorigen Antwort senden, oder after weglassen (send next as it came).",
    )


def _named(authority: str, directory: Directory) -> str:
    name = name_of(authority, directory)
    return f"{name} ({authority})" if name else authority
