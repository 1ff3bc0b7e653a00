"""What people call a case by: its id, its first submission's, the receipt number, a pseudonym."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from services.audit.domain.leaf import KEYED
from services.audit.domain.pending_entry import NUMBER
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.pseudonyms import Pseudonymizer
from shared.events.ids import case_id
from shared.events.receipt_number import as_written

LONGEST = 100
EXPECTED = "a receipt number (AW-…), the id of a case or submission (UUID), or a pseudonym (32 hex digits); a platform's own reference is known to intake only"


@dataclass(frozen=True, slots=True)
class CaseReference:
    """The pseudonyms that a case may have, or else the tokens that it can be found by in the index."""

    pseudonyms: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str, secrecy: Pseudonymizer) -> Self:
        """Read what was typed.

        Raises:
            ProofRefused: it is empty, too long, or holds control characters.
        """
        text = text.strip()
        if not 1 <= len(text) <= LONGEST or not text.isprintable():
            raise ProofRefused(f"expected {EXPECTED}")
        if KEYED.fullmatch(text):
            return cls((text,))
        number = as_written(text)
        try:
            named = UUID(number)
        except ValueError:
            return cls((), (secrecy.token(NUMBER, number.upper()),))
        return cls((secrecy.case(case_id(named)), secrecy.case(named)))
