"""Whose acts a request may disclose: nobody's, or those of the person for whom another auditor has agreed."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from services.audit.adapters.http.reader_auth import ReaderAuth
from services.audit.domain.access_log import AccessGrant
from services.audit.domain.proof_refused import ProofRefused
from services.audit.handler.evaluate import Evaluations
from shared.web.bilingual import Bilingual
from shared.web.problems import Problem

EvaluationParameter = Annotated[
    UUID | None, Query(description="Genehmigte Auswertung; ohne sie bleibt verschlossen, was eine Person tat")
]


async def evaluated(
    request: Request,
    visit: AccessGrant,
    evaluation: UUID | None,
    *,
    evaluations: Evaluations,
    gate: ReaderAuth,
) -> frozenset[str]:
    """Whose acts may be shown.

    Raises:
        Problem: 403 where the evaluation is not approved for this reader; on record.
    """
    try:
        return await evaluations.persons(visit, evaluation)
    except ProofRefused:
        raise second_person(await gate.refuse(request, visit.reader, "no second person")) from None


def second_person(said: Bilingual) -> Problem:
    """A second person has to agree first; ``said`` tells what became of the attempt."""
    return Problem(
        403,
        "second-person-missing",
        title=Bilingual(de="Zweite Person erforderlich", en="Second person needed"),
        detail=Bilingual(
            de=f"Was eine bestimmte Person getan hat, wird nur zu zweit ausgewertet. {said.de}",
            en=f"What a certain person has done is evaluated by two persons only. {said.en}",
        ),
        resolution=Bilingual(
            de="Mit POST /v1/evaluations beantragen; eine andere Prüferin stimmt zu; dann evaluation=… angeben.",
            en="Ask with POST /v1/evaluations; another auditor approves; then send evaluation=….",
        ),
    )
