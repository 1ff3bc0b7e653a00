"""Who may come in by a session: a person whom the issuer vouches for and whom we know, with the scope of the route."""

import hmac
from collections.abc import Callable
from typing import Final

from fastapi import Request
from fastapi.openapi.models import APIKey, APIKeyIn
from fastapi.security import SecurityScopes

from shared.access.principal import Principal
from shared.web.bearer import Caller
from shared.web.bilingual import Bilingual
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
                title=Bilingual(de="Nicht angemeldet", en="Not signed in"),
                detail=Bilingual(
                    de="Die Sitzung fehlt oder ist zu Ende.", en="The session is missing or over."
                ),
                resolution=Bilingual(de="Neu anmelden.", en="Sign in again."),
            )
        return session


def _foreign_page() -> Problem:
    return Problem(
        403,
        "foreign-page",
        title=Bilingual(de="Anfrage einer fremden Seite", en="Request of a foreign page"),
        detail=Bilingual(
            de=f"Die Anfrage kommt nicht von dieser Seite: Die Kopfzeile {CSRF} fehlt oder gilt nicht.",
            en=f"The request does not come from this page: the header {CSRF} is missing or not valid.",
        ),
        resolution=Bilingual(de="Die Seite neu laden.", en="Reload the page."),
    )


def _unknown_person() -> Problem:
    return Problem(
        403,
        "person-unknown",
        title=Bilingual(de="Hier nicht eingetragen", en="Not registered here"),
        detail=Bilingual(
            de="Die Anmeldung gilt, aber für diese Person ist hier nichts freigegeben, oder es wurde gesperrt.",
            en="The sign-in is valid, but nothing is open to this person here, or it was revoked.",
        ),
        resolution=Bilingual(
            de="Bei der Betreiberin eintragen lassen.", en="Ask the operator to be registered."
        ),
    )


def _without_right(needed: str) -> Problem:
    return Problem(
        403,
        "scope-missing",
        title=Bilingual(de="Nicht berechtigt", en="Not permitted"),
        detail=Bilingual(
            de=f"Dafür ist das Recht {needed} nötig.", en=f"The right {needed} is needed for this."
        ),
        resolution=Bilingual(
            de="Das Recht bei der Betreiberin eintragen lassen.", en="Have the operator register the right."
        ),
    )
