"""A decision of competence as it is told outside: words stand beside its codes, in the language of who asks."""

from services.router.domain.cases.desk import reason_in_words
from services.router.domain.decision.explain_words import WHY
from shared.events.competence import Candidate, CompetenceDecision, Why
from shared.local_time import ReadIn


class CandidateInWords(Candidate):
    """An authority that was considered and not named; ``whyText`` says ``why`` in words."""

    why_text: str


class DecisionDocument(CompetenceDecision):
    """The decision as the routed event has it. ``reasonText`` and ``whyText`` say ``reason`` and ``why`` in words.

    They are German, or English where the question prefers that.
    """

    reason_text: str | None = None
    candidates: tuple[CandidateInWords, ...] = ()


def decision_document(decision: CompetenceDecision, language: ReadIn) -> DecisionDocument:
    """The decision with its words."""
    reason = decision.reason
    candidates = tuple(
        CandidateInWords(**each.model_dump(), why_text=why_in_words(each.why, language))
        for each in decision.candidates
    )
    return DecisionDocument(
        **{name: getattr(decision, name) for name in CompetenceDecision.model_fields if name != "candidates"},
        candidates=candidates,
        reason_text=None if reason is None else reason_in_words(reason, language),
    )


def why_in_words(why: Why, language: ReadIn) -> str:
    """Why an authority that comes into question was not named."""
    return WHY[why][0 if language == "de" else 1]
