"""What every gate has in common: a request passes it once, and before a byte of its body is read.

FastAPI reads a JSON body before it asks any dependency. So reading the first byte asks the route's gates
first (`bodies`), and the dependency finds its answer there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from starlette.types import Scope

C = TypeVar("C")

ADMITTED: Final = "amtsweg_admitted"
"""Where in the scope of a request its admissions are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted(Generic[C]):
    """Who is let in, the name under which their bodies are counted, and headers for whatever they are answered."""

    caller: C
    name: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Gate(SecurityBase, Generic[C]):
    """A dependency: ``Security(gate, scopes=[…])`` lets the caller in, and says so in the OpenAPI."""

    async def admit(self, request: Request, asked: SecurityScopes) -> Admitted[C]:
        """Admit the caller; called once per request.

        Raises:
            Problem: nobody, or not here, or not so often.
            Unavailable: that cannot be said now.
        """
        raise NotImplementedError

    async def __call__(self, request: Request, response: Response, asked: SecurityScopes) -> C:
        """Return who asks; raises as `admit` does."""
        admission = await self.pass_once(request, asked)
        response.headers.update(admission.headers)
        return admission.caller

    async def pass_once(self, request: Request, asked: SecurityScopes) -> Admitted[C]:
        """The admission of this request through this gate, asked for now or before."""
        passed: dict[tuple[int, str], Admitted[C]] = request.scope.setdefault(ADMITTED, {})
        key = (id(self), asked.scope_str)
        if key not in passed:
            passed[key] = await self.admit(request, asked)
        return passed[key]


async def pass_gates(scope: Scope) -> str | None:
    """Pass the gates of the route that was found for this request; return who is let in, None where there is no gate.

    Raises:
        Problem: nobody is let in.
        Unavailable: that cannot be said now.
    """
    dependant = getattr(scope.get("route"), "dependant", None)
    name = None
    for gate, scopes in _gates(dependant) if isinstance(dependant, Dependant) else ():
        name = (await gate.pass_once(Request(scope), SecurityScopes(scopes))).name
    return name


def _gates(dependant: Dependant) -> Iterator[tuple[Gate[Any], list[str]]]:
    for each in dependant.dependencies:
        if isinstance(each.call, Gate):
            yield each.call, [*(each.parent_oauth_scopes or ()), *(each.own_oauth_scopes or ())]
        yield from _gates(each)
