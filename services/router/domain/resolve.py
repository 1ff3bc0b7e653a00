"""Who is competent: the pure decision at the heart of the router (promises 3 and 4)."""

from typing import Literal

from services.router.domain.directory import Directory
from shared.events.competence import CompetenceDecision, Inquiry

Unverified = Literal["answer", "park"]
"""What an installation does with competence whose source is unchecked."""


def resolve(inquiry: Inquiry, *, directory: Directory, unverified: Unverified = "answer") -> CompetenceDecision:
    """Name the one competent authority, or say why a person has to decide and between whom.

    Pure and total: every inquiry gets an answer, the same one each time.
    """
    raise NotImplementedError
