"""The platform's side of a check, over HTTP: hand in, follow the history, open what the authority has sealed."""

import asyncio
import json
import secrets
import time
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import httpx

from amtsweg.conformance.steps import MARK, AnswerOpened
from amtsweg.stack.provision.sandbox import SANDBOX, SandboxFiles
from shared.bounded_files import read_bounded, read_bounded_text
from shared.crypto.jwe import NotOpened, OwnKey, open_sealed
from shared.errors import Unavailable
from shared.events.competence import Inquiry
from shared.events.sealed_answer import CONTENT_PURPOSE

_TOKEN_SECONDS: Final = 240.0
_KNOWN_WITHIN_SECONDS: Final = 45.0
"""A client that has just been registered counts at intake after 30 seconds."""

_ABOUT: Final = (
    "Prüfung der Anbindung, kein Antrag: Niemand ist betroffen, niemand wird benachrichtigt. "
    "Was der Client tun soll: docs/authorities.md, Die Prüfung."
)


class CheckingPlatform:
    """Plays the sandbox client at intake. ``words`` come back only from whoever has decrypted them."""

    def __init__(self, http: httpx.AsyncClient, files: SandboxFiles) -> None:
        self._http = http
        self._secret = read_bounded_text(files.secret)
        self._key = OwnKey(json.loads(read_bounded(files.decryption_key)))
        self._until = 0.0
        self.words = (secrets.token_hex(8), secrets.token_hex(8))

    async def enter(self) -> None:
        """Get the first token, as soon as intake knows the client.

        Raises:
            Unavailable: it does not in time.
        """
        deadline = time.monotonic() + _KNOWN_WITHIN_SECONDS
        while True:
            try:
                await self._ask_for_token()
            except (httpx.HTTPStatusError, httpx.TransportError) as error:
                if time.monotonic() > deadline:
                    raise Unavailable(f"intake gives the client {SANDBOX} no token: {error}") from error
                await asyncio.sleep(1)
            else:
                return

    async def hand_in(self, inquiry: Inquiry) -> tuple[UUID, UUID]:
        """Hand in the test submission; return the ids of submission and case."""
        place = (
            inquiry.place.model_dump(mode="json", by_alias=True, exclude_none=True) if inquiry.place else None
        )
        body = {"service": inquiry.service, "place": place, "content": self._content(0)}
        receipt = await self._ask("POST", "/v1/submissions", body)
        return UUID(receipt["submissionId"]), UUID(receipt["caseId"])

    async def supplement(self, case: UUID) -> UUID:
        """Hand in what was asked for; return the supplement's id."""
        receipt = await self._ask("POST", f"/v1/cases/{case}/supplements", {"content": self._content(1)})
        return UUID(receipt["submissionId"])

    async def withdraw(self, case: UUID) -> None:
        """Leave no open case behind."""
        await self._ask("POST", f"/v1/cases/{case}/withdrawal", {})

    async def lines(self, case: UUID) -> dict[str, UUID]:
        """The first event of each code in the case's history."""
        history = await self._ask("GET", f"/v1/cases/{case}/history")
        return {line["code"]: UUID(line["eventId"]) for line in reversed(history["events"])}

    async def answers(self, case: UUID, submission: UUID) -> Sequence[AnswerOpened]:
        """What came sealed for the client."""
        told = await self._ask("GET", f"/v1/cases/{case}/messages?limit=50")
        return [self._opened(each, submission) for each in told["messages"]]

    def _content(self, number: int) -> dict[str, Any]:
        return {MARK: {"word": self.words[number], "about": _ABOUT}}

    def _opened(self, message: dict[str, Any], submission: UUID) -> AnswerOpened:
        content: Any = {}
        if "content" in message:
            sealed = json.dumps(message["content"]).encode()
            try:
                content = json.loads(open_sealed(sealed, key=self._key, submission_id=submission, purpose=CONTENT_PURPOSE))  # fmt: skip
            except (NotOpened, ValueError):
                content = {}
        return AnswerOpened(
            kind=message["kind"],
            answer_id=UUID(message["answerId"]),
            content=content if isinstance(content, dict) else {},
        )

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        if time.monotonic() > self._until:
            await self._ask_for_token()
        headers = {"Idempotency-Key": f'"{secrets.token_hex(16)}"'} if body is not None else {}
        answer = await self._http.request(method, path, json=body, headers=headers)
        return answer.raise_for_status().json()

    async def _ask_for_token(self) -> None:
        form = {"grant_type": "client_credentials"}
        answer = await self._http.post("/token", data=form, auth=(SANDBOX, self._secret))
        token = answer.raise_for_status().json()["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"
        self._until = time.monotonic() + _TOKEN_SECONDS
