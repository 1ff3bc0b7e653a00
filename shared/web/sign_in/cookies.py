"""The two cookies of a sign-in: the session, and the attempt that leads to it.

Over TLS they are ``__Host-`` cookies: for this host alone, over TLS alone. Without TLS (loopback only, the local stack)
no browser takes those, so there the prefix and ``Secure`` are left out. A host's ports share its cookies, hence a name
for each process.
"""

from dataclasses import dataclass
from typing import Final

from fastapi import Response

from shared.web.sign_in.sessions import ATTEMPT_SECONDS

_HOST: Final = "__Host-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookies:
    """``door`` is the process's name; ``secure`` unless it is reached without TLS."""

    door: str
    secure: bool

    @property
    def session(self) -> str:
        return self._name("session")

    @property
    def attempt(self) -> str:
        return self._name("attempt")

    def give_session(self, answer: Response, token: str) -> None:
        """Strict: no foreign page can make the browser show it. The browser forgets it when it is closed."""
        answer.set_cookie(self.session, token, path="/", secure=self.secure, httponly=True, samesite="strict")

    def give_attempt(self, answer: Response, sealed: str) -> None:
        """Lax: the issuer leads back from a foreign page."""
        answer.set_cookie(
            self.attempt,
            sealed,
            max_age=ATTEMPT_SECONDS,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def take_back(self, answer: Response, name: str) -> None:
        answer.delete_cookie(name, path="/", secure=self.secure, httponly=True)

    def _name(self, what: str) -> str:
        return f"{_HOST if self.secure else ''}amtsweg-{self.door}-{what}"
