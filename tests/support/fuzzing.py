"""Requests made from an OpenAPI description, valid ones and broken ones, and what was answered against its word."""

from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext, suppress
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.schemas import BaseSchema

_RULES = [400, 410, 413, 422]
"""A request that fits the description may break a rule that no schema states (of two fields exactly one, a day that
exists, a cursor of this feed): refused with one of these, which the operation describes."""

CONFIG = SchemathesisConfig.from_dict(
    {
        "checks": {
            "positive_data_acceptance": {
                "expected-statuses": [
                    "2xx",
                    "3xx",
                    "401",
                    "403",
                    "404",
                    "409",
                    "429",
                    "5xx",
                    *map(str, _RULES),
                ]
            },
            "negative_data_rejection": {
                "expected-statuses": [
                    "401",
                    "403",
                    "404",
                    "405",
                    "406",
                    "409",
                    "415",
                    "428",
                    "429",
                    "5xx",
                    *map(str, _RULES),
                ]
            },
        }
    }
)


def contradictions(
    schema: BaseSchema,
    *,
    examples: int,
    headers: Mapping[str, str],
    leave_out: Collection[str] = (),
    tidied: Callable[[Any], Any] | None = None,
) -> list[str]:
    """Every way in which an answer was not as the description says, by schemathesis' default checks; each kind once.

    ``tidied`` is what a service takes away from a body before it looks at it: blanks around texts, which no schema can
    say. A broken request that this may mend is not sent.
    """
    found: dict[tuple[str, str], str] = {}
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        if operation.path not in leave_out:
            for mode in GenerationMode:
                _ask(operation, mode, examples=examples, headers=headers, found=found, tidied=tidied)
    return [f"{label}: {told}" for (label, _), told in found.items()]


def _ask(
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    *,
    examples: int,
    headers: Mapping[str, str],
    found: dict[tuple[str, str], str],
    tidied: Callable[[Any], Any] | None,
) -> None:
    def ask(case: Case[Any]) -> None:
        if tidied and mode is GenerationMode.NEGATIVE and tidied(case.body) != case.body:
            return
        if case.query.get("wait"):
            case.query["wait"] = 0  # a long poll is asked at once
        response = case.call(headers=dict(headers))
        try:
            case.validate_response(response, headers=dict(headers))
        except FailureGroup as failures:
            for failure in failures.exceptions:
                found.setdefault((operation.label, getattr(failure, "title", "")), str(failure))

    asked = given(case=operation.as_strategy(generation_mode=mode))(ask)
    bounded = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    # An operation without parameters has no broken requests.
    with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
        bounded(asked)()
