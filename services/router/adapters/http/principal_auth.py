"""Who may come in: a principal with an access token for this process, and the scope that the route states."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Self

from fastapi import Request
from fastapi.openapi.models import OAuth2, OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import SecurityScopes

from shared.web.bearer import Caller, authorization_of
from shared.web.bilingual import Bilingual
from shared.web.gates import Admitted, Gate
from shared.web.noted import note
from shared.web.problems import Problem, too_many_requests
from shared.web.query_parameters import check_parameters
from shared.web.rate_limit import PrincipalRates

SeeAgain = Callable[[Caller], Caller | None]
"""Who has waited, as they are now; None if they have been revoked meanwhile."""

ReadCaller = Callable[[str], Caller | None]
"""Who shows this ``Authorization`` header; None where nobody does."""

LetIn = Gate[Caller]
"""A gate of tokens, or one of sessions: returns who asks, or refuses."""

DESK: Final[Mapping[str, str]] = {"desk": "Geparkte Vorgänge klären (decide what is parked)"}
AUTHORITIES: Final[Mapping[str, str]] = {
    "answers.write": "Eigene Vorgänge bestätigen und entscheiden (answer own cases)",
    "inbox.read": "Den eigenen Eingang lesen (read the own inbox)",
    "webhooks.write": "Sich Neues melden lassen (be told of new records)",
}


class PrincipalAuth(Gate[Caller]):
    """A dependency: ``Security(gate, scopes=["desk"])`` lets the bearer in, and says so in the OpenAPI.

    ``issuer`` is the token door's address, ``door`` the name of this process. Who waits is looked at ``again``
    every ``again_seconds``.
    """

    def __init__(
        self,
        read: ReadCaller,
        *,
        door: str,
        scopes: Mapping[str, str],
        issuer: str,
        rates: PrincipalRates | None = None,
        again: SeeAgain = lambda caller: caller,
        again_seconds: float = 5.0,
    ) -> None:
        self._again = again
        self.again_seconds = again_seconds
        self.scheme_name = door
        self.model = OAuth2(
            flows=OAuthFlows(
                clientCredentials=OAuthFlowClientCredentials(tokenUrl=f"{issuer}/token", scopes=dict(scopes))
            ),
            description=f"OAuth 2.0 client credentials at the token door; scopes: {' '.join(scopes)}.",
        )
        self._read = read
        self._rates = rates

    @classmethod
    def of_desk(cls, read: ReadCaller, *, issuer: str) -> Self:
        """The gate of the clearing desk."""
        return cls(read, door="desk", scopes=DESK, issuer=issuer)

    @classmethod
    def of_authorities(
        cls,
        read: ReadCaller,
        *,
        issuer: str,
        rates: PrincipalRates | None = None,
        again: SeeAgain = lambda caller: caller,
        again_seconds: float = 5.0,
    ) -> Self:
        """The gate of the authorities' doors."""
        return cls(
            read,
            door="doors",
            scopes=AUTHORITIES,
            issuer=issuer,
            rates=rates,
            again=again,
            again_seconds=again_seconds,
        )

    def still(self, caller: Caller, *, scope: str, authorities: Iterable[str]) -> None:
        """Check after a wait that the caller still has access.

        Raises:
            Problem: 401, for they have been revoked, or have lost the scope or one of the authorities.
            Unavailable: that cannot be said now.
        """
        now = self._again(caller)
        if now is None or scope not in now.scopes or not now.principal.authorities.issuperset(authorities):
            raise self._unknown(tried=True, scope=scope)

    async def admit(self, request: Request, asked: SecurityScopes) -> Admitted[Caller]:
        """Return the bearer.

        Raises:
            Problem: 401 without a valid token for this process, 403 without the scope, 429 for too many requests,
                422 for a query parameter that the route does not know or that is there twice.
            Unavailable: it cannot be said now whether the token still counts.
        """
        shown = authorization_of(request)
        caller = self._read(shown)
        if caller is None:
            raise self._unknown(tried=bool(shown), scope=asked.scope_str)
        note(request, client_id=caller.id)
        if not caller.scopes.issuperset(asked.scopes):
            raise self._without_right(asked.scope_str)
        served = len(caller.principal.authorities)
        if self._rates is not None and (wait := self._rates.take(caller.id, authorities=served)) > 0:
            raise _too_many(wait)
        check_parameters(request)
        return Admitted(caller=caller, name=caller.id)

    def _unknown(self, *, tried: bool, scope: str) -> Problem:
        error = ', error="invalid_token"' if tried else ""
        return Problem(
            401,
            "token-invalid",
            title=Bilingual(de="Kein Zugang", en="No access"),
            detail=Bilingual(
                de="Das Zugriffstoken fehlt, ist abgelaufen oder gesperrt, oder es gilt nicht für diesen Dienst.",
                en="The access token is missing, has expired, is revoked, or is not for this service.",
            ),
            resolution=Bilingual(
                de=f"Mit POST /token und scope={scope} ein neues anfordern.",
                en=f"Ask for a new one with POST /token and scope={scope}.",
            ),
            headers={"WWW-Authenticate": f'Bearer realm="{self.scheme_name}"{error}'},
        )

    def _without_right(self, needed: str) -> Problem:
        challenge = f'Bearer realm="{self.scheme_name}", error="insufficient_scope", scope="{needed}"'
        return Problem(
            403,
            "scope-missing",
            title=Bilingual(de="Nicht berechtigt", en="Not permitted"),
            detail=Bilingual(
                de=f"Dieses Token genügt hier nicht; nötig ist das Recht {needed}.",
                en=f"This token does not suffice here; the right {needed} is needed.",
            ),
            resolution=Bilingual(
                de=f"Mit POST /token und scope={needed} ein Token anfordern, das es enthält; bekommt Ihr Zugang es nicht, "
                "das Recht bei der Betreiberin eintragen lassen.",
                en=f"Ask for a token that has it with POST /token and scope={needed}; if your client does not get it, "
                "have the operator register the right.",
            ),
            headers={"WWW-Authenticate": challenge},
        )


def _too_many(wait: int) -> Problem:
    return too_many_requests(
        wait,
        detail=Bilingual(
            de="Von diesem Zugang kommen mehr Anfragen, als in einer Minute beantwortet werden.",
            en="This client sends more requests than are answered in a minute.",
        ),
        resolution=Bilingual(
            de="Nach den Sekunden in Retry-After dieselbe Anfrage noch einmal; mit wait und limit genügen wenige.",
            en="Send the same request again after Retry-After; with wait and limit a few suffice.",
        ),
    )
