"""A refused proof, number or order in both languages."""

from services.audit.domain.proof_refused import ProofRefused
from shared.telemetry.reason_words import reason_words
from shared.web.bilingual import Bilingual


def in_words(refused: ProofRefused) -> Bilingual:
    """Why it was refused."""
    return Bilingual(de=reason_words(str(refused), "de"), en=reason_words(str(refused), "en"))
