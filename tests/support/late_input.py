"""What still comes in from outside about a case that is erased: by platform, authority and clearing desk, over HTTP."""

import asyncio
import json
from base64 import b64decode
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import httpx

from amtsweg.stack.description import StackDescription
from shared.events.topics import SUBMISSION_RECEIVED
from shared.kafka.client import KafkaAddress
from shared.kafka.partitions import partitions_of
from shared.kafka.records import partition_of

SUBMISSION: Final = {
    "service": "99050012104000",
    "place": {"plz": "35390", "town": "Gießen"},
    "content": {"betrieb": {"name": "Bäckerei Sonnenschein", "beginn": "2026-02-01"}},
    "contact": {"email": "erika.mustermann@example.org", "name": "Erika Mustermann"},
    "clientReference": "antrag-4711",
}
_SETTLED: Final = {"de.amtsweg.SubmissionRouted.v1", "de.amtsweg.NotificationSettled.v1"}
_MOST_TRIES: Final = 200


@dataclass(frozen=True, slots=True)
class Outside:
    """Everybody who reaches the stack over HTTP."""

    stack: StackDescription
    http: httpx.AsyncClient

    @property
    def address(self) -> KafkaAddress:
        return self.stack.kafka.address

    async def submit(self, key: str) -> httpx.Response:
        client = next(each for each in self.stack.clients.values() if each.secret)
        return await self._post(
            f"{self.stack.urls.intake}/v1/submissions",
            SUBMISSION,
            login=(client.client_id, client.secret or ""),
            headers={"Idempotency-Key": f'"{key}"'},
        )

    async def to_the_case(self, case: str) -> dict[str, int]:
        """Try everything that can be said about the case; the status of each answer."""
        urls = self.stack.urls
        client = next(each for each in self.stack.clients.values() if each.secret)
        platform = (client.client_id, client.secret or "")
        authority = self.stack.authorities["g-06531005"]
        own = (authority.client_id, authority.secret)
        desk = (self.stack.desk.client_id, self.stack.desk.secret)
        given = {"id": "late-1", "caseId": case, "givenAt": "2026-01-12T10:15:00Z"}
        reason = {"reason": "verspätet"}
        told = {
            "supplement": await self._post(
                f"{urls.intake}/v1/cases/{case}/supplements",
                {"content": {"nachtrag": "Erika Mustermann"}},
                login=platform,
                headers={"Idempotency-Key": f'"{uuid4()}"'},
            ),
            "withdrawal": await self._post(
                f"{urls.intake}/v1/cases/{case}/withdrawal",
                {},
                login=platform,
                headers={"Idempotency-Key": f'"{uuid4()}"'},
            ),
            "acceptance": await self._post(
                f"{urls.router}/v1/answers", given | {"kind": "accepted"}, login=own
            ),
            "decision": await self._post(
                f"{urls.router}/v1/answers",
                given | {"id": "late-2", "kind": "decided", "outcome": "granted"},
                login=own,
            ),
            "assignment": await self._post(
                f"{urls.desk}/v1/parked/{case}/assignment", reason | {"authority": "g-06534014"}, login=desk
            ),
            "redelivery": await self._post(f"{urls.desk}/v1/parked/{case}/redelivery", reason, login=desk),
        }
        return {what: answer.status_code for what, answer in told.items()}

    async def until_all_is_read(self, case: str) -> None:
        """Hand in until a new case lies behind this one in every topic, and wait until the log has its end."""
        count = len(await partitions_of(self.address, SUBMISSION_RECEIVED.name))
        for _ in range(_MOST_TRIES):
            receipt = (await self.submit(str(uuid4()))).raise_for_status().json()
            if partition_of(receipt["caseId"].encode(), count) == partition_of(case.encode(), count):
                break
        else:
            raise AssertionError("no new case came into the partition of the erased one")
        await self.until_logged(receipt["receiptNumber"])

    async def until_logged(self, number: str) -> None:
        """Wait until the log has a case's routing and its first message."""
        async with asyncio.timeout(180):
            while not await self._logged(number) >= _SETTLED:  # noqa: ASYNC110 - audit writes the log
                await asyncio.sleep(0.5)

    async def _logged(self, number: str) -> set[str]:
        """The types of the entries about a case."""
        told = await self.http.get(
            f"{self.stack.urls.audit}/v1/cases/{number}/timeline",
            headers={
                "Authorization": f"Bearer {self.stack.auditor.token}",
                "Amtsweg-Purpose": "Stichprobe",
                "Amtsweg-Reference": "PR-1",
            },
        )
        entries: list[Any] = told.json().get("entries", []) if told.is_success else []
        return {json.loads(b64decode(entry["entry"]))["type"] for entry in entries}

    async def _post(
        self, url: str, body: Any, *, login: tuple[str, str], headers: dict[str, str] | None = None
    ) -> httpx.Response:
        form = {"grant_type": "client_credentials"}
        asked = await self.http.post(f"{self.stack.urls.intake}/token", data=form, auth=login)
        token = asked.raise_for_status().json()["access_token"]
        return await self.http.post(
            url, json=body, headers={"Authorization": f"Bearer {token}", **(headers or {})}
        )
