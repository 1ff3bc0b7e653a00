"""What the doors refuse, in German and English: what is the matter, and how to mend it."""

from http import HTTPStatus
from typing import Final, NamedTuple

from services.router.domain.cases.answering import (
    AnswerContradiction,
    AnswerIneffective,
    AnswerOutcome,
    AnswerPartRefused,
    AnswerRunning,
)
from services.router.domain.cases.sealed_parts import EXPECTED, PartFault, SealedPart
from shared.events.case import RefusalReason
from shared.web.problems import Problem


class _Said(NamedTuple):
    status: HTTPStatus
    kind: str
    title: str
    detail: str
    resolution: str


_REFUSED: Final[dict[RefusalReason, _Said]] = {
    "not-in-custody": _Said(
        HTTPStatus.NOT_FOUND,
        "case-unknown",
        "Vorgang unbekannt (unknown case)",
        "Unter dieser Nummer liegt kein Vorgang bei Ihnen.",
        "caseId prüfen: die Kopfzeile ce_caseid aus Ihrem Eingang (check caseId against your inbox).",
    ),
    "already-accepted": _Said(
        HTTPStatus.CONFLICT,
        "already-accepted",
        "Schon bestätigt (already accepted)",
        "Sie haben diesen Vorgang schon mit einer anderen Antwort bestätigt.",
        "Nichts zu tun; als Nächstes folgt die Entscheidung (nothing to do).",
    ),
    "already-decided": _Said(
        HTTPStatus.CONFLICT,
        "already-decided",
        "Schon entschieden (already decided)",
        "Sie haben diesen Vorgang schon entschieden; er ist abgeschlossen.",
        "Nichts zu tun (nothing to do).",
    ),
    "already-extended": _Said(
        HTTPStatus.CONFLICT,
        "already-extended",
        "Schon verlängert (already extended)",
        "Die Frist dieses Vorgangs ist schon einmal verlängert; das Gesetz erlaubt es einmal.",
        "Innerhalb der verlängerten Frist entscheiden (decide within the extended period).",
    ),
    "not-deemed-approved": _Said(
        HTTPStatus.CONFLICT,
        "not-deemed-approved",
        "Gilt nicht als genehmigt (not deemed approved)",
        "Eine Bescheinigung nach § 42a Abs. 3 VwVfG gibt es nur, wo das Beantragte als bewilligt gilt.",
        "Mit decided entscheiden (decide the case instead).",
    ),
    "already-deemed-approved": _Said(
        HTTPStatus.CONFLICT,
        "already-deemed-approved",
        "Gilt schon als genehmigt (already deemed approved)",
        "Die Frist ist ohne Ihre Entscheidung abgelaufen; das Beantragte gilt nach dem Gesetz als bewilligt.",
        "Rücknahme oder Widerruf richten sich nach §§ 48, 49 VwVfG und gehen nicht über diese Tür (no answer any more).",
    ),
    "withdrawn": _Said(
        HTTPStatus.CONFLICT,
        "case-withdrawn",
        "Antrag zurückgenommen (application withdrawn)",
        "Der Antrag ist zurückgenommen, der Vorgang ist abgeschlossen.",
        "Nichts zu tun; die Rücknahme steht in Ihrem Eingang (nothing to do).",
    ),
    "unknown-authority": _Said(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "authority-unknown",
        "Stelle unbekannt (unknown authority)",
        "Die Stelle in forwardTo steht heute nicht im Verzeichnis.",
        "Mit kind returned zurückgeben, oder die Kennung der Stelle prüfen (check forwardTo, or return the case).",
    ),
}


def no_effect(outcome: AnswerOutcome) -> Problem:
    """Why this answer is not taken."""
    match outcome:
        case AnswerIneffective(reason=reason):
            said = _REFUSED[reason]
            return Problem(
                said.status, said.kind, title=said.title, detail=said.detail, resolution=said.resolution
            )
        case AnswerPartRefused(part=part, fault=fault):
            return _part_refused(part, fault)
        case AnswerRunning():
            return Problem(
                HTTPStatus.CONFLICT,
                "answer-running",
                title="Noch in Arbeit (still running)",
                detail="Dieselbe Antwort wird gerade aus einer früheren Anfrage übernommen.",
                resolution="In einigen Sekunden noch einmal senden (send it again after the seconds in Retry-After).",
                headers={"Retry-After": "2"},
            )
        case AnswerContradiction():
            return Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "answer-contradicts",
                title="Kennung schon vergeben (id already used)",
                detail="Unter dieser id haben Sie schon eine andere Antwort gesendet.",
                resolution="Für eine andere Antwort eine neue id vergeben (give another answer another id).",
            )
        case _:
            raise AssertionError(f"{type(outcome).__name__} is no refusal")


def _part_refused(part: SealedPart, fault: PartFault) -> Problem:
    expected = EXPECTED[part]
    if fault == "too-large":
        return Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "sealed-part-too-large",
            title="Versiegelter Teil zu groß (sealed part too large)",
            detail=f"{part}: Erlaubt sind {expected.most_bytes} Bytes Klartext.",
            resolution="Dokumente verkleinern oder weniger mitsenden (send fewer or smaller documents).",
        )
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "sealed-part-malformed",
        title="Versiegelter Teil nicht lesbar (sealed part malformed)",
        detail=f"{part}.{fault} ist nicht so, wie es sein muss; geöffnet hat es hier niemand.",
        resolution=(
            "Ein JWE in allgemeiner JSON-Form senden: enc A256GCM, cty application/json, submissionId aus answerKeys, "
            f"purpose {expected.purpose}, ein Empfänger je Schlüssel in answerKeys "
            "(a JWE in general JSON serialisation, bound to answerKeys.submissionId and this purpose)."
        ),
    )


def which_authority() -> Problem:
    """The token serves several authorities, or none."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "authority-missing",
        title="Stelle fehlt (authority missing)",
        detail="Dieser Zugang antwortet für mehrere Stellen; in authority fehlt, für welche.",
        resolution="authority angeben, zum Beispiel g-06531005 (name the authority).",
    )


def forwarded_to_itself() -> Problem:
    """The authority that hands the case on is the one that would get it."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "forwarded-to-itself",
        title="An sich selbst weitergegeben (forwarded to itself)",
        detail="forwardTo nennt die Stelle, die den Vorgang hat.",
        resolution=(
            "In forwardTo die andere Stelle nennen, oder mit kind returned zurückgeben "
            "(name the other authority, or return the case)."
        ),
    )


def not_served() -> Problem:
    """The token does not serve this authority; whether there is such a one is another question."""
    return Problem(
        HTTPStatus.FORBIDDEN,
        "authority-not-served",
        title="Nicht für diese Stelle (not for this authority)",
        detail="Dieser Zugang antwortet nicht für die Stelle in authority.",
        resolution="authority prüfen oder die Stelle eintragen lassen (check authority, or have it registered).",
    )
