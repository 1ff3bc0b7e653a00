"""The problems of the clearing desk, in German and English: what is wrong, and how to resolve it."""

from typing import Final, NamedTuple

from services.router.adapters.http.desk_documents import name_of
from services.router.domain.cases.assignment_reason import BadAssignmentReason
from services.router.domain.cases.desk import Ineffective, Obstacle
from services.router.domain.directory.model import Directory
from shared.web.bilingual import Bilingual
from shared.web.platform_reference import PLATFORM_REFERENCE
from shared.web.problems import Problem


class _Said(NamedTuple):
    status: int
    title: Bilingual
    detail: Bilingual
    resolution: Bilingual


_SAID: Final[dict[Obstacle, _Said]] = {
    "not-at-the-desk": _Said(
        404,
        Bilingual(de="Nicht bei der Klärungsstelle", en="Not at the desk"),
        Bilingual(
            de="Unter dieser Nummer ist kein Vorgang geparkt: Es gibt sie nicht, oder das Verzeichnis hat entschieden.",
            en="No case of this number is parked: there is none, or the directory has decided.",
        ),
        Bilingual(
            de=f"Nummer prüfen; GET /v1/parked zeigt, was wartet. {PLATFORM_REFERENCE.de}",
            en=f"Check the number; GET /v1/parked shows what waits. {PLATFORM_REFERENCE.en}",
        ),
    ),
    "already-routed": _Said(
        409,
        Bilingual(de="Schon entschieden", en="Already routed"),
        Bilingual(
            de="Der Vorgang ist nicht mehr geparkt; er liegt bei {authority}.",
            en="The case is not parked any more; it is with {authority}.",
        ),
        Bilingual(
            de="Nichts zu tun. Wer ihn zugewiesen hat, steht im Protokoll.",
            en="Nothing to do. The log says who assigned it.",
        ),
    ),
    "not-unconfirmed": _Said(
        409,
        Bilingual(de="Nicht unbestätigt", en="Not unconfirmed"),
        Bilingual(
            de="Der Vorgang liegt nicht seit 20 Tagen unbestätigt bei einer Stelle.",
            en="The case has not been with an authority unconfirmed for 20 days.",
        ),
        Bilingual(
            de="Nichts zu tun; GET /v1/parked zeigt, was wartet.",
            en="Nothing to do; GET /v1/parked shows what waits.",
        ),
    ),
    "unknown-authority": _Said(
        422,
        Bilingual(de="Stelle unbekannt", en="Unknown authority"),
        Bilingual(
            de="Die Stelle in authority steht heute nicht im Verzeichnis.",
            en="The authority named is not in the directory today.",
        ),
        Bilingual(de="Kennung prüfen, zum Beispiel g-06531005.", en="Check the id, for example g-06531005."),
    ),
    "not-a-candidate": _Said(
        422,
        Bilingual(de="Keine der Stellen, die in Betracht kommen", en="Not a candidate"),
        Bilingual(de="In Betracht kommen: {candidates}.", en="Candidates are: {candidates}."),
        Bilingual(
            de="Ist die Stelle in authority trotzdem gemeint, outsideCandidates auf true setzen.",
            en="If the authority is meant all the same, set outsideCandidates to true.",
        ),
    ),
    "not-connected": _Said(
        422,
        Bilingual(de="Stelle nicht erreichbar", en="Authority not connected"),
        Bilingual(
            de="Die Stelle in authority hat keinen Eingang oder keinen Schlüssel, oder der Inhalt ist nicht für sie lesbar zu machen. Der Vorgang bleibt geparkt.",
            en="The authority has no inbox or no key, or the content cannot be made readable for it. The case stays parked.",
        ),
        Bilingual(
            de="Die Stelle anschließen lassen oder eine andere nennen, mit neuem Idempotency-Key.",
            en="Have the authority connected, or name another one with a new Idempotency-Key.",
        ),
    ),
    "failed": _Said(
        500,
        Bilingual(de="Auftrag gescheitert", en="Order failed"),
        Bilingual(
            de="Der Router ist an dem Auftrag gescheitert. Der Vorgang bleibt geparkt.",
            en="The router failed at this order. The case stays parked.",
        ),
        Bilingual(
            de="Die Betreiberin rufen: Der Auftrag liegt bei den unzustellbaren Sätzen.",
            en="Ask the operator: the order is among the dead letters.",
        ),
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
        title=Bilingual(de="Begründung nicht verwendbar", en="Reason cannot be kept"),
        detail=Bilingual(de=f"Begründung: {bad.de}", en=f"reason: {bad.en}"),
        resolution=Bilingual(
            de="Die Zuständigkeit begründen, ohne Angaben zu Personen.",
            en="Give the ground of competence, nothing about people.",
        ),
    )


def bad_cursor() -> Problem:
    """The cursor is not one of ours."""
    return Problem(
        422,
        "bad-cursor",
        title=Bilingual(de="Stelle in der Liste unbekannt", en="Bad cursor"),
        detail=Bilingual(de="after ist keine Stelle dieser Liste.", en="after is no place in this list."),
        resolution=Bilingual(
            de="next aus der vorigen Antwort senden, oder after weglassen.",
            en="Send next as it came, or leave after out.",
        ),
    )


def _named(authority: str, directory: Directory) -> str:
    name = name_of(authority, directory)
    return f"{name} ({authority})" if name else authority
