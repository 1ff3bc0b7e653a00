"""One case walked through return, forward, supplement and decision on four transports: its history stays one."""

import asyncio
import json
import secrets
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import httpx
from aiokafka.errors import KafkaError

from amtsweg.demo.checks import BillLine
from amtsweg.demo.demo_words import step_word
from amtsweg.demo.holders import (
    SUPPLEMENT,
    HoldingAuthority,
    WebhookReceiver,
    answer_of,
    at_the_page,
    authorize,
    document,
    fingerprint,
    over_kafka,
    sealed_for,
    shown_at_the_page,
)
from amtsweg.demo.scenarios import GEWERBE_ANMELDUNG
from amtsweg.stack.description import StackDescription
from shared.bounded_files import read_bounded
from shared.crypto.jwe import NotOpened, OwnKey, open_sealed

KAFKA, PULL, WEBHOOK, PAGE = "g-06531006", "g-06531011", "g-06531010", "g-06531008"
"""Grünberg reads over Kafka, Lich asks, Laubach is called, and a clerk of Hungen sits at the page."""

CLERK: Final = "sachbearbeitung-2"
WALKED: Final[tuple[tuple[str, str | None], ...]] = (
    ("received", None),
    ("routed", KAFKA),
    ("returned", KAFKA),
    ("parked", None),
    ("routed", PULL),
    ("fetched", PULL),
    ("forwarded", PULL),
    ("routed", WEBHOOK),
    ("information-requested", WEBHOOK),
    ("supplemented", None),
    ("forwarded", WEBHOOK),
    ("routed", PAGE),
    ("accepted", PAGE),
    ("granted", PAGE),
)
"""What the history must say, in this order; between these it may say more."""

_NO_CASE: Final = UUID(int=0)
_FOLLOWS: Final = frozenset({"routed", "parked"})
_WITHIN_SECONDS: Final = 90.0
_LOOK_SECONDS: Final = 0.3
_CONTENT: Final = {"antrag": "Gewerbe anmelden", "betrieb": "Wandernde Bäckerei"}


@dataclass(frozen=True, slots=True)
class Step:
    """``who`` did ``what``, ``seconds`` after the beginning; what an authority does it does where it reads: ``transport``."""

    seconds: float
    who: str
    transport: str
    what: str


@dataclass(slots=True)
class Journey:
    """What was done and what came of it. ``read`` are fingerprints of what each holder decrypted.

    ``history`` has the code and the authority of each line, ``told`` the line's own words.
    """

    case: UUID | None = None
    submission: UUID = _NO_CASE
    steps: list[Step] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    history: list[tuple[str, str | None]] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    document_opened: bool = False
    broken_off: str = ""
    began: float = field(default_factory=time.monotonic)

    def note(self, who: str, transport: str, what: str, *, to: str = "") -> None:
        seconds = time.monotonic() - self.began
        self.steps.append(Step(seconds, step_word(who), step_word(transport), step_word(what, to=to)))

    @property
    def holds(self) -> bool:
        """Whether one history tells all of it, everybody read the same, and the platform opened the document."""
        alike = len(self.read) == len({KAFKA, PULL, WEBHOOK, PAGE}) and len(set(self.read)) == 1
        return tells(self.history) and alike and self.document_opened

    def line(self) -> BillLine:
        """Its line of the bill."""
        found = self.broken_off or step_word("whole" if self.holds else "gaps")
        return BillLine(step_word("walk"), step_word("whole"), found, self.holds)


def tells(history: list[tuple[str, str | None]]) -> bool:
    """Whether the history says all of `WALKED`, in that order."""
    waiting = iter(history)
    return all(any(_says(line, wanted) for line in waiting) for wanted in WALKED)


def in_order(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines as they happened: the platform adds them as it reads them, from several topics.

    An authority's handing on, and where the case lies next, are told of the same instant.
    """
    return sorted(lines, key=lambda line: (datetime.fromisoformat(line["at"]), line["code"] in _FOLLOWS))


def _says(line: tuple[str, str | None], wanted: tuple[str, str | None]) -> bool:
    return line[0] == wanted[0] and wanted[1] in (None, line[1])


async def walk(stack: StackDescription) -> Journey:
    """Walk the case; what fails is told in the journey, so that the bill is written all the same."""
    journey = Journey()
    try:
        async with asyncio.timeout(_WITHIN_SECONDS):
            await _walk(stack, journey)
    except httpx.HTTPStatusError as refused:
        journey.broken_off = f"{step_word('broken off')}: {refused.request.url.path} {step_word('answers')} {refused.response.status_code}"
    except (TimeoutError, httpx.HTTPError, KafkaError, NotOpened, KeyError) as error:
        journey.broken_off = f"{step_word('broken off')}: {type(error).__name__}"
    return journey


async def _walk(stack: StackDescription, journey: Journey) -> None:
    async with AsyncExitStack() as opened:
        kafka, pull, called = [
            await opened.enter_async_context(HoldingAuthority.of(stack, each))
            for each in (KAFKA, PULL, WEBHOOK)
        ]
        receiver = await opened.enter_async_context(WebhookReceiver.of(called))
        browser = await opened.enter_async_context(at_the_page(stack, CLERK))
        platform = await opened.enter_async_context(httpx.AsyncClient(base_url=stack.urls.intake, timeout=30))
        client = next(each for each in stack.clients.values() if each.secret is not None)
        await authorize(platform, "/token", login=(client.client_id, client.secret or ""))
        case = await _hand_in(platform, journey)
        await _returned(stack, kafka, case, journey)
        await _assigned(stack, case, journey)
        await _forwarded(pull, platform, case, journey)
        await _supplemented(called, receiver, platform, case, journey)
        await _decided(stack, browser, case, journey)
        key = OwnKey(json.loads(read_bounded(client.decryption_key_file)))
        await _history(platform, case, journey, key=key)


async def _hand_in(platform: httpx.AsyncClient, journey: Journey) -> UUID:
    place = {"ags": KAFKA.removeprefix("g-")}
    receipt = await _posted(platform, "/v1/submissions", {"service": GEWERBE_ANMELDUNG, "place": place, "content": _CONTENT})  # fmt: skip
    journey.case, journey.submission = UUID(receipt["caseId"]), UUID(receipt["submissionId"])
    journey.note("platform", "HTTP", "hands in")
    return journey.case


async def _returned(stack: StackDescription, holder: HoldingAuthority, case: UUID, journey: Journey) -> None:
    async with over_kafka(stack, holder, case) as came:
        journey.read.append(fingerprint(holder.opened(came)))
        await holder.answer(case, "returned", reason="misdirected")
        journey.note(KAFKA, "Kafka", "returns")


async def _assigned(stack: StackDescription, case: UUID, journey: Journey) -> None:
    """The router does not guess: a returned case waits for a person."""
    async with httpx.AsyncClient(timeout=30) as http:
        await authorize(http, f"{stack.urls.intake}/token", login=(stack.desk.client_id, stack.desk.secret))
        body = {"authority": PULL, "reason": "Betriebssitz liegt dort", "outsideCandidates": True}
        await _posted(http, f"{stack.urls.desk}/v1/parked/{case}/assignment", body)
    journey.note("desk", "HTTP", "assigns", to=PULL)


async def _forwarded(
    holder: HoldingAuthority, platform: httpx.AsyncClient, case: UUID, journey: Journey
) -> None:
    """What it confirms in its inbox the platform knows as fetched, before it has said a word."""
    came = await holder.pulled(case)
    journey.read.append(fingerprint(holder.opened(came)))
    await holder.confirm(came)
    journey.note(PULL, "pull", "fetches")
    while ("fetched", PULL) not in await _told(platform, case, journey):  # noqa: ASYNC110 - a history tells nobody
        await asyncio.sleep(_LOOK_SECONDS)
    await holder.answer(case, "forwarded", forwardTo=WEBHOOK, reason="wrong-place")
    journey.note(PULL, "pull", "forwards", to=WEBHOOK)


async def _supplemented(
    holder: HoldingAuthority,
    receiver: WebhookReceiver,
    platform: httpx.AsyncClient,
    case: UUID,
    journey: Journey,
) -> None:
    came = await holder.pulled(case, after=await receiver.places.get())
    journey.read.append(fingerprint(holder.opened(came)))
    missing = {"missing": ["Mietvertrag"]}
    await holder.answer(case, "information-requested", items=1, **sealed_for(came, content=missing, notice=missing))  # fmt: skip
    await holder.confirm(came)
    journey.note(WEBHOOK, "Webhook", "asks")
    await _posted(platform, f"/v1/cases/{case}/supplements", {"content": {"mietvertrag": "liegt bei"}})
    journey.note("platform", "HTTP", "supplies")
    more = came
    while more.kind != SUPPLEMENT:
        more = await holder.pulled(case, after=await receiver.places.get())
    holder.opened(more)
    await holder.answer(case, "forwarded", forwardTo=PAGE, reason="wrong-place")
    await holder.confirm(more)
    journey.note(WEBHOOK, "Webhook", "reads and forwards", to=PAGE)


async def _decided(stack: StackDescription, browser: httpx.AsyncClient, case: UUID, journey: Journey) -> None:
    async with HoldingAuthority.of(stack, PAGE) as holder:
        came = await shown_at_the_page(browser, case)
        journey.read.append(fingerprint(holder.opened(came)))
    parts = sealed_for(came, content={"text": "Bewilligt.", "documents": [document("Ihr Gewerbe ist angemeldet.")]}, notice={})  # fmt: skip
    for kind, members in (("accepted", {}), ("decided", {"outcome": "granted"} | parts)):
        answer = answer_of(case, kind, members | {"authority": PAGE})
        (await browser.post("/clerk/v1/answers", json=answer)).raise_for_status()
    journey.note(PAGE, "page", "grants")


async def _history(platform: httpx.AsyncClient, case: UUID, journey: Journey, *, key: OwnKey) -> None:
    """Read until it tells all of it; the platform's own key opens the document."""
    while not journey.holds:
        await _told(platform, case, journey)
        told = (await platform.get(f"/v1/cases/{case}/messages")).raise_for_status().json()["messages"]
        for message in told:
            if message["kind"] == "decided":
                sealed = json.dumps(message["content"]).encode()
                opened = open_sealed(sealed, key=key, submission_id=journey.submission, purpose="answer")
                journey.document_opened = bool(json.loads(opened)["documents"])
        await asyncio.sleep(_LOOK_SECONDS)


async def _told(
    platform: httpx.AsyncClient, case: UUID, journey: Journey
) -> Sequence[tuple[str, str | None]]:
    """The history as it stands."""
    read = (await platform.get(f"/v1/cases/{case}/history")).raise_for_status().json()["events"]
    lines = in_order(read)
    journey.history = [(line["code"], line.get("authority")) for line in lines]
    journey.told = [line["text"] for line in lines]
    return journey.history


async def _posted(http: httpx.AsyncClient, url: str, body: dict[str, Any]) -> dict[str, Any]:
    """Post until it is taken: the demo puts everything under load, and a case may not have come by yet."""
    headers = {"Idempotency-Key": f'"{secrets.token_hex(16)}"'}
    while True:
        answer = await http.post(url, json=body, headers=headers)
        if answer.is_success:
            receipt: dict[str, Any] = answer.json()
            return receipt
        await asyncio.sleep(_LOOK_SECONDS)
