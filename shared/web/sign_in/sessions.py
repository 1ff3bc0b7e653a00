"""Sessions of people, in this process's memory: a restart ends them, and several replicas need one to stay with."""

import hashlib
import json
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography.fernet import Fernet, InvalidToken

MOST: Final = 10_000
"""Sessions at once; beyond that the one that has rested longest ends."""

MOST_OF_ONE: Final = 10
"""Sessions of one person at once, so that nobody ends those of others by signing in again and again."""

ATTEMPT_SECONDS: Final = 600
"""How long a person may take to sign in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInPerson:
    """Whom the issuer vouches for. ``id`` stands on record; ``name`` is for their own screen and is kept nowhere."""

    id: str
    name: str
    authorities: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class WebSession:
    """One person's session; ``csrf`` is what their own page knows and no other."""

    person: SignedInPerson
    csrf: str
    ends_at: datetime
    used_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAttempt:
    """A sign-in that has begun; it lies sealed in the browser's cookie, so that nobody can fill our memory."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> "SignInAttempt":
        return cls(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(64),
        )


class Sessions:
    """``idle``: how long a session may rest; ``longest``: how long it lasts in any case."""

    def __init__(
        self, *, idle: timedelta, longest: timedelta, clock: Callable[[], datetime], most: int = MOST
    ) -> None:
        self._idle = idle
        self._longest = longest
        self._clock = clock
        self._most = most
        self._kept: OrderedDict[str, WebSession] = OrderedDict()
        self._attempts = Fernet(Fernet.generate_key())

    def begin(self, person: SignedInPerson) -> str:
        """Open a session; return what its cookie says."""
        now = self._clock()
        own = [name for name, session in self._kept.items() if session.person.id == person.id]
        for name in own[: max(0, len(own) + 1 - MOST_OF_ONE)]:
            del self._kept[name]
        token = secrets.token_urlsafe(32)
        self._kept[_digest(token)] = WebSession(
            person=person, csrf=secrets.token_urlsafe(32), ends_at=now + self._longest, used_at=now
        )
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return token

    def find(self, token: str, *, idle: bool = False) -> WebSession | None:
        """The session of this cookie; None if it has ended. An ``idle`` request does not keep it open."""
        name = _digest(token)
        session = self._kept.get(name)
        if session is None:
            return None
        now = self._clock()
        if now >= session.ends_at or now - session.used_at >= self._idle:
            del self._kept[name]
            return None
        if not idle:
            session.used_at = now
        self._kept.move_to_end(name)
        return session

    def end(self, token: str) -> None:
        """Forget it."""
        self._kept.pop(_digest(token), None)

    def sealed(self, attempt: SignInAttempt) -> str:
        """The attempt as its cookie carries it."""
        told = json.dumps([attempt.state, attempt.nonce, attempt.verifier]).encode()
        return self._attempts.encrypt_at_time(told, int(self._clock().timestamp())).decode()

    def attempt(self, cookie: str) -> SignInAttempt | None:
        """The attempt in a cookie of ours that is not too old."""
        if not cookie.isascii():
            return None  # Fernet fails on it otherwise than on what else is none of its own
        try:
            told = self._attempts.decrypt_at_time(
                cookie, ttl=ATTEMPT_SECONDS, current_time=int(self._clock().timestamp())
            )
        except InvalidToken:
            return None
        state, nonce, verifier = json.loads(told)
        return SignInAttempt(state=state, nonce=nonce, verifier=verifier)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
