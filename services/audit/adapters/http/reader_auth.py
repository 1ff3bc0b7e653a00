"""Authentication of readers; every refusal is recorded."""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import unquote

from fastapi import Request
from fastapi.openapi.models import HTTPBearer as BearerModel
from fastapi.security import SecurityScopes

from services.audit.adapters.http.refused_words import in_words
from services.audit.domain.access import Reader, Right
from services.audit.domain.access_log import AccessGrant, visit
from services.audit.domain.proof_refused import ProofRefused
from services.audit.ports import Clock, Readers
from shared.web.bearer import authorization_of
from shared.web.bilingual import Bilingual
from shared.web.gates import Admitted, Gate
from shared.web.problems import Problem

PURPOSE: Final = "Amtsweg-Purpose"
REFERENCE: Final = "Amtsweg-Reference"

RecordRefusal = Callable[[str, str, str | None], Awaitable[int | None]]
"""Given reason, route and the reader's name, puts a refusal on record: its entry, or None where it is only counted."""


class ReaderAuth(Gate[Reader]):
    """A dependency that lets in a reader with one of these rights."""

    def __init__(self, *rights: Right, readers: Readers, clock: Clock, record: RecordRefusal) -> None:
        self.scheme_name = "reader"
        self.model = BearerModel(description="Token eines Prüfers (token of an auditor)")
        self._rights = frozenset(rights)
        self._readers = readers
        self._clock = clock
        self._record = record

    async def admit(self, request: Request, asked: SecurityScopes) -> Admitted[Reader]:
        """Return the reader.

        Raises:
            Problem: 401 without a known token, 403 without the right; either is on record.
            Unavailable: who is registered cannot be told now.
        """
        del asked  # a reader has rights, not scopes
        scheme, _, token = authorization_of(request).partition(" ")
        reader = self._readers.find(token.strip(), self._clock()) if scheme.lower() == "bearer" else None
        if reader is None:
            reason = "no token" if not token else "unknown token"
            raise _unknown(
                _WHY_UNKNOWN[reason], on_record(await self._record(reason, route_of(request), None))
            )
        if not self._rights & reader.rights:
            raise _without_right(await self.refuse(request, reader, "no right"))
        return Admitted(caller=reader, name=reader.name)

    async def visit(self, request: Request, reader: Reader) -> AccessGrant:
        """Accept the look that the request's headers, or parameters, account for.

        Raises:
            Problem: 400 without purpose or reference, on record.
        """
        purpose = _header(request, PURPOSE) or request.query_params.get("purpose")
        reference = _header(request, REFERENCE) or request.query_params.get("reference")
        try:
            return visit(reader, purpose=purpose, reference=reference)
        except ProofRefused as refused:
            said = await self.refuse(request, reader, str(refused).partition(";")[0])
            raise _without_purpose(refused, said) from None

    async def refuse(self, request: Request, reader: Reader, reason: str) -> Bilingual:
        """Record that this reader was refused; return a sentence that says so."""
        return on_record(await self._record(reason, route_of(request), reader.name))


def _header(request: Request, name: str) -> str:
    """A header's text; umlauts may come as UTF-8 or percent-encoded, since headers themselves are ASCII."""
    return unquote(request.headers.get(name, "").encode("latin-1").decode(errors="replace"))


def route_of(request: Request) -> str:
    """The route's template; what was asked for stays out of the record of a refusal."""
    return str(getattr(request.scope.get("route"), "path", "unmatched"))


def on_record(index: int | None) -> Bilingual:
    """What became of a refused attempt, for who made it."""
    if index is None:
        return Bilingual(
            de="Der Versuch ist gezählt; die Zahl kommt ins Protokoll.",
            en="The attempt is counted; the number enters the log.",
        )
    return Bilingual(
        de=f"Der Versuch steht als Eintrag {index} im Protokoll.",
        en=f"The attempt is entry {index} of the log.",
    )


_WHY_UNKNOWN: Final = {
    "no token": Bilingual(
        de="Die Anfrage trägt kein Prüfer-Token.", en="The request carries no auditor's token."
    ),
    "unknown token": Bilingual(
        de="Das Prüfer-Token ist unbekannt, abgelaufen oder gesperrt.",
        en="The auditor's token is unknown, expired or revoked.",
    ),
}


def _unknown(why: Bilingual, said: Bilingual) -> Problem:
    return Problem(
        401,
        "token-invalid",
        title=Bilingual(de="Kein Zugang", en="No access"),
        detail=Bilingual(
            de=f"{why.de} {said.de}",
            en=f"{why.en} {said.en}",
        ),
        resolution=Bilingual(
            de="Das eigene Token senden: Authorization: Bearer ….",
            en="Send your own token: Authorization: Bearer ….",
        ),
        headers={"WWW-Authenticate": 'Bearer realm="audit"'},
    )


def _without_right(said: Bilingual) -> Problem:
    return Problem(
        403,
        "right-missing",
        title=Bilingual(de="Nicht berechtigt", en="Not permitted"),
        detail=Bilingual(
            de=f"Dieses Token öffnet anderes, nicht diese Auskunft. {said.de}",
            en=f"This token opens other things, not this one. {said.en}",
        ),
        resolution=Bilingual(
            de="Ein Token mit dem nötigen Recht verwenden.", en="Use a token with the right needed."
        ),
    )


def _without_purpose(refused: ProofRefused, said: Bilingual) -> Problem:
    why = in_words(refused)
    return Problem(
        400,
        "purpose-missing",
        title=Bilingual(de="Zweck oder Aktenzeichen fehlt", en="Purpose or reference missing"),
        detail=Bilingual(
            de=f"Jede Einsicht nennt Zweck und Aktenzeichen: {why.de}. {said.de}",
            en=f"Every look names purpose and reference: {why.en}. {said.en}",
        ),
        resolution=Bilingual(
            de=f"Die Kopfzeilen {PURPOSE} und {REFERENCE} senden, oder die Parameter purpose und reference.",
            en=f"Send the headers {PURPOSE} and {REFERENCE}, or the parameters purpose and reference.",
        ),
    )
