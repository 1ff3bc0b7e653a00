"""The token door: a client shows who it is and gets an access token for five minutes."""

from dataclasses import dataclass

from services.intake.domain.client import Bearer, Client, granted, read_assertion
from services.intake.domain.token_request import (
    AssertionShown,
    Denied,
    Issued,
    SecretShown,
    read_token_request,
)
from services.intake.ports import AssertionIds, Assertions, Clients, Clock, Secrets, Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDoor:
    """``issuer`` is our identifier (RFC 8414): the only audience that an assertion may name."""

    clients: Clients
    secrets: Secrets
    assertions: Assertions
    assertion_ids: AssertionIds
    tokens: Tokens
    clock: Clock
    issuer: str

    async def issue(self, body: bytes, *, authorization: str | None) -> Issued | Denied:
        """Answer a token request; an unknown client and a wrong secret are one answer."""
        request = read_token_request(body, authorization=authorization)
        if isinstance(request, Denied):
            return request
        match request.credentials:
            case SecretShown() as shown:
                client = await self._by_secret(shown)
                challenge = shown.basic
            case AssertionShown() as shown:
                client = await self._by_assertion(shown)
                challenge = False
        if client is None:
            return Denied("invalid_client", challenge=challenge)
        scopes = granted(client, asked=request.scope)
        if scopes is None:
            return Denied("invalid_scope")
        bearer = Bearer(client_id=client.id, scopes=scopes)
        return Issued(token=self.tokens.issue(bearer), bearer=bearer)

    async def _by_secret(self, shown: SecretShown) -> Client | None:
        client = self.clients.get(shown.client_id)
        matches = await self.secrets.matches(shown.secret, expected=client.secret_hash if client else None)
        return client if matches else None

    async def _by_assertion(self, shown: AssertionShown) -> Client | None:
        subject = self.assertions.subject(shown.jwt)
        client = self.clients.get(subject) if subject is not None else None
        if client is None or client.public_key is None or shown.client_id not in (None, client.id):
            return None
        claims = self.assertions.claims(shown.jwt, key=client.public_key)
        assertion = claims and read_assertion(claims, issuer=self.issuer, now=self.clock())
        if not assertion or assertion.client_id != client.id:
            return None
        return client if await self.assertion_ids.first_use(assertion) else None
