"""Who may come in by a session: a person whom the issuer vouches for and whom we know, with the scope of the route."""

import hmac
from collections.abc import Callable
from typing import Final

from fastapi import Request
from fastapi.openapi.models import APIKey, APIKeyIn
from fastapi.security import SecurityScopes

from shared.access.principal import Principal
from shared.web.bearer import Caller
from shared.web.gates import Admitted, Gate
from shared.web.noted import note
from shared.web.problems import Problem
from shared.web.sign_in.cookies import Cookies
from shared.web.sign_in.sessions import Sessions, SignedInPerson, WebSession

CSRF: Final = "Amtsweg-Csrf"
"""The header in which a page of ours shows what it was told; a foreign page knows it not."""

IDLE: Final = "Amtsweg-Idle"
"""The header by which a page of ours says that nobody has done anything in it: it asks by itself."""

Admit = Callable[[SignedInPerson], Principal | None]
"""The principal as which this person acts, as registered now; None where there is none."""

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS: Final = frozenset({"same-origin", "none"})


class SessionGate(Gate[Caller]):
    """A dependency like the gate of tokens: ``Security(gate, scopes=["desk"])`` lets a signed-in person in."""

    def __init__(self, sessions: Sessions, *, cookies: Cookies, admit: Admit) -> None:
        self.scheme_name = f"{cookies.door}-session"
        self.model = APIKey.model_validate(
            {
                "in": APIKeyIn.cookie,
                "name": cookies.session,
                "description": f"A session of this page; requests that change something show {CSRF} too.",
            }
        )
        self._sessions = sessions
        self._cookies = cookies
        self._admit = admit

    async def admit(self, request: Request, asked: SecurityScopes) -> Admitted[Caller]:
        """Return who asks.

        Raises:
            Problem: 401 without a session, 403 from a foreign page, for a person unknown here or without the scope.
            Unavailable: it cannot be said now whether the person still counts.
        """
        session = self.session(request)
        if request.headers.get("sec-fetch-site", "none") not in _OURS:
            raise _foreign_page()
        shown = request.headers.get(CSRF, "")
        if request.method not in _SAFE and not hmac.compare_digest(shown.encode(), session.csrf.encode()):
            raise _foreign_page()
        principal = self._admit(session.person)
        if principal is None:
            raise _unknown_person()
        note(request, client_id=principal.id)
        if not principal.scopes.issuperset(asked.scopes):
            raise _without_right(asked.scope_str)
        caller = Caller(principal=principal, scopes=principal.scopes)
        return Admitted(caller=caller, name=principal.id)

    def session(self, request: Request) -> WebSession:
        """The session of this request.

        Raises:
            Problem: 401 where there is none.
        """
        session = self._sessions.find(
            request.cookies.get(self._cookies.session, ""), idle=IDLE in request.headers
        )
        if session is None:
            raise Problem(
                401,
                "not-signed-in",
                title="Nicht angemeldet (not signed in)",
                detail="Die Sitzung fehlt oder ist zu Ende.",
                resolution="Neu anmelden (sign in again).",
            )
        return session


def _foreign_page() -> Problem:
    return Problem(
        403,
        "foreign-page",
        title="Anfrage einer fremden Seite (request of a foreign page)",
        detail=f"Die Anfrage kommt nicht von dieser Seite: Die Kopfzeile {CSRF} fehlt oder gilt nicht.",
        resolution="Die Seite neu laden (reload the page).",
    )


def _unknown_person() -> Problem:
    return Problem(
        403,
        "person-unknown",
        title="Hier nicht eingetragen (not registered here)",
        detail="Die Anmeldung gilt, aber für diese Person ist hier nichts freigegeben, oder es wurde gesperrt.",
        resolution="Bei der Betreiberin eintragen lassen (ask the operator to be registered).",
    )


def _without_right(needed: str) -> Problem:
    return Problem(
        403,
        "scope-missing",
        title="Nicht berechtigt (not permitted)",
        detail=f"Dafür ist das Recht {needed} nötig.",
        resolution="Das Recht bei der Betreiberin eintragen lassen (have the scope registered).",
    )
