"""Problems in the language of the request; never what was sent."""

from collections.abc import Mapping

from starlette.requests import Request

from services.intake.adapters.http.field_faults import EXPECTED, FAULTS
from services.intake.adapters.http.problem_catalogue import CATALOGUE, ProblemKind
from services.intake.domain.submission import Fault
from shared.web.language import language_of
from shared.web.problems import MOST_ERRORS, Problem


def problem(
    kind: ProblemKind, request: Request, *, headers: Mapping[str, str] | None = None, **values: object
) -> Problem:
    """Return the problem in the request's language; ``values`` fill its detail."""
    language = language_of(request)
    status, german, english = CATALOGUE[kind]
    said = german if language == "de" else english
    return Problem(
        status,
        kind,
        title=said.title,
        detail=said.detail.format(**values),
        resolution=said.resolution,
        headers={
            "Content-Language": language,
            # The type is a name for ever; where it is explained may change.
            "Link": f'</problems/{kind}>; rel="help"',
            **(headers or {}),
        },
    )


def faults_problem(fields: tuple[tuple[str, Fault], ...], request: Request) -> Problem:
    """Return the problem that names each field, what is wrong and what was expected; never what was sent."""
    column = 0 if language_of(request) == "de" else 1
    found = problem("malformed-submission", request)
    found.document["errors"] = [
        {**_located(field), "fault": fault, "message": FAULTS[fault][column], **_expected(field, column)}
        for field, fault in fields[:MOST_ERRORS]
    ]
    return found


def not_json_problem(request: Request, *, line: int, column: int) -> Problem:
    """Return the problem that says where the body stops being JSON."""
    found = problem("malformed-json", request, line=line, column=column)
    found.document.update(line=line, column=column)
    return found


def _located(field: str) -> dict[str, str]:
    """The member of the submission; ``at`` is the exact place in the document, where that is known."""
    if not field.startswith(("/", "line ")):
        return {"field": field}
    member = field[1:].partition("/")[0] if field.startswith("/") else ""
    return {"field": member, "at": field}


def _expected(field: str, column: int) -> dict[str, str]:
    return {"expected": EXPECTED[field][column]} if field in EXPECTED else {}
