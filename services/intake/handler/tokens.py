"""The token endpoint: a principal authenticates and gets an access token for five minutes."""

from dataclasses import dataclass
from typing import Final

from services.intake.domain.client import (
    BadClaim,
    Bearer,
    WrongScope,
    WrongTarget,
    granted,
    read_assertion,
)
from services.intake.domain.token_request import (
    AssertionShown,
    Denied,
    Issued,
    SecretShown,
    read_token_request,
)
from services.intake.ports import AssertionIds, Assertions, Clock, Registered, SecretHashes, Tokens
from shared.access.principal import Credential, Principal

_UNPROVEN: Final = Denied(
    "invalid_client",
    wrong=BadClaim(
        "signature", "one that verifies with a key registered for sub, under its kid if one is given"
    ),
)
_USED: Final = Denied("invalid_client", wrong=BadClaim("jti", "one that has not been used before"))

Recognised = tuple[Principal, Credential]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEndpoint:
    """Issues access tokens; ``issuer`` is our identifier (RFC 8414), the only audience that an assertion may name."""

    principals: Registered
    secrets: SecretHashes
    assertions: Assertions
    assertion_ids: AssertionIds
    tokens: Tokens
    clock: Clock
    issuer: str

    async def issue(self, body: bytes, *, authorization: str | None) -> Issued | Denied:
        """Answer a token request; an unknown client and a wrong secret get the same answer."""
        request = read_token_request(body, authorization=authorization)
        if isinstance(request, Denied):
            return request
        match request.credentials:
            case SecretShown() as shown:
                proven = await self._by_secret(shown)
            case AssertionShown() as shown:
                proven = await self._by_assertion(shown)
        if isinstance(proven, Denied):
            return proven
        principal, credential = proven
        match granted(principal, scope=request.scope, resources=request.resources):
            case WrongScope():
                return Denied("invalid_scope")
            case WrongTarget():
                return Denied("invalid_target")
            case audience, scopes:
                bearer = Bearer(
                    client_id=principal.id, scopes=scopes, credential=credential.id, audience=audience
                )
        return Issued(token=self.tokens.issue(bearer), bearer=bearer)

    async def _by_secret(self, shown: SecretShown) -> Recognised | Denied:
        principal = self.principals.get(shown.client_id)
        valid = principal.valid_credentials(self.clock()) if principal else []
        kept = {each.secret_hash: each for each in valid if each.secret_hash}
        found = await self.secrets.fitting(shown.secret, among=tuple(kept))
        if principal is None or found is None:
            return Denied("invalid_client", challenge=shown.basic)
        return principal, kept[found]

    async def _by_assertion(self, shown: AssertionShown) -> Recognised | Denied:
        claimed = self.assertions.claimed(shown.jwt)
        if claimed is None:
            return Denied("invalid_client", wrong=BadClaim("client_assertion", "a signed JWT (RFC 7515)"))
        assertion = read_assertion(*claimed, issuer=self.issuer, now=self.clock())
        if isinstance(assertion, BadClaim):
            return Denied("invalid_client", wrong=assertion)
        if shown.client_id not in (None, assertion.client_id):
            return Denied("invalid_client", wrong=BadClaim("client_id", "the assertion's sub, or none"))
        principal = self.principals.get(assertion.client_id)
        if principal is None:
            return _UNPROVEN
        credential = self._signer(shown.jwt, principal, kid=claimed[0].get("kid"))
        if credential is None:
            return _UNPROVEN
        return (principal, credential) if await self.assertion_ids.first_use(assertion) else _USED

    def _signer(self, jwt: str, principal: Principal, *, kid: object) -> Credential | None:
        """The principal's key that verifies the JWT: the one that ``kid`` names, or any if there is no ``kid``."""
        for each in principal.valid_credentials(self.clock()):
            if (
                each.key is not None
                and kid in (None, each.id)
                and self.assertions.verifies(jwt, key=each.key)
            ):
                return each
        return None
