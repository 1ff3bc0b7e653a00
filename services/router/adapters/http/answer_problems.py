"""The problems of the doors, in German and English: what is wrong, and how to resolve it."""

from http import HTTPStatus
from typing import Final, NamedTuple

from services.router.domain.cases.answering import (
    AnswerContradiction,
    AnswerIneffective,
    AnswerOutcome,
    AnswerOutdated,
    AnswerPartRefused,
    AnswerRunning,
)
from services.router.domain.cases.sealed_parts import EXPECTED, PartFault, SealedPart
from shared.events.case import RefusalReason
from shared.web.bilingual import Bilingual
from shared.web.problems import Problem


class _Said(NamedTuple):
    status: HTTPStatus
    kind: str
    title: Bilingual
    detail: Bilingual
    resolution: Bilingual


_REFUSED: Final[dict[RefusalReason, _Said]] = {
    "not-in-custody": _Said(
        HTTPStatus.NOT_FOUND,
        "case-unknown",
        Bilingual(de="Vorgang unbekannt", en="Unknown case"),
        Bilingual(
            de="Unter dieser Nummer liegt kein Vorgang bei Ihnen.", en="You have no case of this number."
        ),
        Bilingual(
            de="caseId prüfen: die Kopfzeile ce_caseid aus Ihrem Eingang.",
            en="Check caseId: the header ce_caseid in your inbox.",
        ),
    ),
    "already-accepted": _Said(
        HTTPStatus.CONFLICT,
        "already-accepted",
        Bilingual(de="Schon bestätigt", en="Already accepted"),
        Bilingual(
            de="Sie haben diesen Vorgang schon mit einer anderen Antwort bestätigt.",
            en="You have accepted this case with another answer already.",
        ),
        Bilingual(
            de="Nichts zu tun; als Nächstes folgt die Entscheidung.",
            en="Nothing to do; the decision is next.",
        ),
    ),
    "already-decided": _Said(
        HTTPStatus.CONFLICT,
        "already-decided",
        Bilingual(de="Schon entschieden", en="Already decided"),
        Bilingual(
            de="Sie haben diesen Vorgang schon entschieden; er ist abgeschlossen.",
            en="You have decided this case already; it is closed.",
        ),
        Bilingual(de="Nichts zu tun.", en="Nothing to do."),
    ),
    "already-extended": _Said(
        HTTPStatus.CONFLICT,
        "already-extended",
        Bilingual(de="Schon verlängert", en="Already extended"),
        Bilingual(
            de="Die Frist dieses Vorgangs ist schon einmal verlängert; das Gesetz erlaubt es einmal.",
            en="The period of this case has been extended once; the law permits no more.",
        ),
        Bilingual(
            de="Innerhalb der verlängerten Frist entscheiden.", en="Decide within the extended period."
        ),
    ),
    "not-deemed-approved": _Said(
        HTTPStatus.CONFLICT,
        "not-deemed-approved",
        Bilingual(de="Gilt nicht als genehmigt", en="Not deemed approved"),
        Bilingual(
            de="Eine Bescheinigung nach § 42a Abs. 3 VwVfG gibt es nur, wo das Beantragte als bewilligt gilt.",
            en="A certificate under § 42a(3) VwVfG exists only where the application is deemed approved.",
        ),
        Bilingual(de="Mit decided entscheiden.", en="Decide the case with decided."),
    ),
    "already-deemed-approved": _Said(
        HTTPStatus.CONFLICT,
        "already-deemed-approved",
        Bilingual(de="Gilt schon als genehmigt", en="Already deemed approved"),
        Bilingual(
            de="Die Frist ist ohne Ihre Entscheidung abgelaufen; das Beantragte gilt nach dem Gesetz als bewilligt.",
            en="The period has ended without your decision; by law the application is deemed approved.",
        ),
        Bilingual(
            de="Rücknahme oder Widerruf richten sich nach §§ 48, 49 VwVfG und gehen nicht über diese Tür.",
            en="Withdrawal or revocation follow §§ 48, 49 VwVfG and do not pass this door.",
        ),
    ),
    "withdrawn": _Said(
        HTTPStatus.CONFLICT,
        "case-withdrawn",
        Bilingual(de="Antrag zurückgenommen", en="Application withdrawn"),
        Bilingual(
            de="Der Antrag ist zurückgenommen, der Vorgang ist abgeschlossen.",
            en="The application is withdrawn, the case is closed.",
        ),
        Bilingual(
            de="Nichts zu tun; die Rücknahme steht in Ihrem Eingang.",
            en="Nothing to do; the withdrawal is in your inbox.",
        ),
    ),
    "unknown-authority": _Said(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "authority-unknown",
        Bilingual(de="Stelle unbekannt", en="Unknown authority"),
        Bilingual(
            de="Die Stelle in forwardTo steht heute nicht im Verzeichnis.",
            en="The authority in forwardTo is not in the directory today.",
        ),
        Bilingual(
            de="Mit kind returned zurückgeben, oder die Kennung der Stelle prüfen.",
            en="Return the case with kind returned, or check the authority's id.",
        ),
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
                title=Bilingual(de="Noch in Arbeit", en="Still running"),
                detail=Bilingual(
                    de="Dieselbe Antwort wird gerade aus einer früheren Anfrage übernommen.",
                    en="The same answer is being taken from an earlier request.",
                ),
                resolution=Bilingual(
                    de="Nach den Sekunden in Retry-After noch einmal senden.",
                    en="Send it again after the seconds in Retry-After.",
                ),
                headers={"Retry-After": "2"},
            )
        case AnswerContradiction():
            return Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "answer-contradicts",
                title=Bilingual(de="Kennung schon vergeben", en="Id already used"),
                detail=Bilingual(
                    de="Unter dieser id haben Sie schon eine andere Antwort gesendet.",
                    en="You have sent another answer under this id already.",
                ),
                resolution=Bilingual(
                    de="Für eine andere Antwort eine neue id vergeben.", en="Give another answer another id."
                ),
            )
        case AnswerOutdated():
            return _id_of_an_earlier_answer()
        case _:
            raise AssertionError(f"{type(outcome).__name__} is no refusal")


def _id_of_an_earlier_answer() -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "answer-outdated",
        title=Bilingual(de="Kennung von früher", en="Id of an earlier answer"),
        detail=Bilingual(
            de="Die Antwort mit dieser id ist von der Zeit, bevor der Vorgang wieder zu Ihnen kam. Noch einmal gesendet wirkt sie nicht.",
            en="The answer with this id is of the time before the case came back to you. Sent again it has no effect.",
        ),
        resolution=Bilingual(
            de="Für den Vorgang, wie er jetzt bei Ihnen liegt, eine neue id vergeben: abgeleitet aus ce_id des neuen Datensatzes, nicht aus der Nummer des Vorgangs.",
            en="Give the answer to the case as you have it now a new id: derived from ce_id of the new record, not from the case's number.",
        ),
    )


_FAULT: Final = Bilingual(
    de="{place} ist nicht so, wie es sein muss; geöffnet hat es hier niemand.",
    en="{place} is not as it must be; nobody has opened it here.",
)
_FAULTS: Final[dict[PartFault, Bilingual]] = {
    "recipients.header.kid": Bilingual(
        de="{place} nennt keinen der Schlüssel aus answerKeys dieses Vorgangs.",
        en="{place} names none of the keys in answerKeys of this case.",
    ),
    "recipients.header.epk": Bilingual(
        de="{place} ist kein Punkt auf der Kurve des Schlüssels, den kid nennt.",
        en="{place} is no point on the curve of the key that kid names.",
    ),
}


def _part_refused(part: SealedPart, fault: PartFault) -> Problem:
    expected = EXPECTED[part]
    if fault == "too-large":
        return Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "sealed-part-too-large",
            title=Bilingual(de="Versiegelter Teil zu groß", en="Sealed part too large"),
            detail=Bilingual(
                de=f"{part}: Erlaubt sind {expected.most_bytes} Bytes Klartext.",
                en=f"{part}: {expected.most_bytes} bytes of plain text are permitted.",
            ),
            resolution=Bilingual(
                de="Dokumente verkleinern oder weniger mitsenden.", en="Send fewer or smaller documents."
            ),
        )
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "sealed-part-malformed",
        title=Bilingual(de="Versiegelter Teil nicht lesbar", en="Sealed part malformed"),
        detail=_FAULTS.get(fault, _FAULT).format(place=f"{part}.{fault}"),
        resolution=(
            Bilingual(
                de=f"Ein JWE in allgemeiner JSON-Form senden: enc A256GCM, cty application/json, submissionId aus answerKeys, purpose {expected.purpose}, ein Empfänger je Schlüssel in answerKeys, bei ECDH-ES+A256KW mit epk, apu und apv.",
                en=f"Send a JWE in general JSON serialisation: enc A256GCM, cty application/json, submissionId from answerKeys, purpose {expected.purpose}, one recipient per key in answerKeys, with epk, apu and apv for ECDH-ES+A256KW.",
            )
        ),
    )


def which_authority() -> Problem:
    """The token serves several authorities, or none."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "authority-missing",
        title=Bilingual(de="Stelle fehlt", en="Authority missing"),
        detail=Bilingual(
            de="Dieser Zugang antwortet für mehrere Stellen; in authority fehlt, für welche.",
            en="This client answers for several authorities; authority does not say for which.",
        ),
        resolution=Bilingual(
            de="authority angeben, zum Beispiel g-06531005.", en="Name the authority, for example g-06531005."
        ),
    )


def forwarded_to_itself() -> Problem:
    """The authority forwards the case to itself."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "forwarded-to-itself",
        title=Bilingual(de="An sich selbst weitergegeben", en="Forwarded to itself"),
        detail=Bilingual(
            de="forwardTo nennt die Stelle, die den Vorgang hat.",
            en="forwardTo names the authority that has the case.",
        ),
        resolution=(
            Bilingual(
                de="In forwardTo die andere Stelle nennen, oder mit kind returned zurückgeben.",
                en="Name the other authority in forwardTo, or return the case with kind returned.",
            )
        ),
    )


def not_served() -> Problem:
    """The token does not act for this authority (which may not exist), or the authority is suspended."""
    return Problem(
        HTTPStatus.FORBIDDEN,
        "authority-not-served",
        title=Bilingual(de="Nicht für diese Stelle", en="Not for this authority"),
        detail=Bilingual(
            de="Dieser Zugang handelt jetzt nicht für die Stelle: Sie ist für ihn nicht eingetragen, oder sie ist gesperrt.",
            en="This client does not act for the authority now: it is not registered for it, or it is suspended.",
        ),
        resolution=Bilingual(
            de="Die Kennung in authority prüfen, wenn eine genannt war; sonst die Betreiberin fragen.",
            en="Check the id in authority, if one was named; else ask the operator.",
        ),
    )
