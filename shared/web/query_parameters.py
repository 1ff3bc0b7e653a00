"""Query parameters: each one that is sent is known to its route and there once; nothing that is misspelt widens a question."""

from typing import Final

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from shared.web.bilingual import Bilingual
from shared.web.problems import invalid

_MOST: Final = 20
_LONGEST_NAME: Final = 64


def check_parameters(request: Request) -> None:
    """Check the names in the query string.

    Raises:
        Problem: 422; one is unknown, or there twice, so that two readers could take different values.
    """
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not request.scope.get("query_string"):
        return
    known = _known(route.dependant)
    sent = [name for name, _ in request.query_params.multi_items()]
    wrong = [name for name in dict.fromkeys(sent) if name not in known or sent.count(name) > 1][:_MOST]
    if wrong:
        raise invalid([_error(name, known=name in known, all_known=sorted(known)) for name in wrong])


def _known(dependant: Dependant) -> set[str]:
    """The parameters of a route, and of what it depends on."""
    own = {field.alias for field in dependant.query_params}
    return own.union(*map(_known, dependant.dependencies))


def _error(name: str, *, known: bool, all_known: list[str]) -> dict[str, str | Bilingual]:
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name[:_LONGEST_NAME])
    return {
        "at": f"query.{shown}",
        "problem": "doubled-parameter" if known else "unknown-parameter",
        "expected": _ONCE if known else _only(all_known),
    }


_ONCE: Final = Bilingual(de="jeder Parameter einmal", en="each parameter once")


def _only(known: list[str]) -> Bilingual:
    names = ", ".join(known)
    return Bilingual(de=f"nur {names or 'keine Parameter'}", en=f"only {names or 'no parameters'}")
