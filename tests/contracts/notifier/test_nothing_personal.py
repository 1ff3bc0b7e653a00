"""Whatever goes wrong with a message, nothing that is said of it names the applicant: log, health, metrics, events."""

import json
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from services.notifier.adapters.delivery_metrics import DeliveryWatch
from services.notifier.adapters.relays import Relay, RelayChain
from services.notifier.ports import Mailer
from shared.telemetry.health import Health
from shared.telemetry.logs import FIELDS, describe
from shared.telemetry.metrics import Telemetry
from tests.component.notifier.test_delivery import CONTACT, World
from tests.contracts.notifier.test_conversation import Script, speaking
from tests.support.mails import message

CANARY = "kanarienvogel"
QUOTED = f"<{CANARY}@example.org> {CANARY}"
ANSWERS = [
    f"{code} {QUOTED}"
    for code in ("550 5.1.1", "550", "451 4.2.0", "554 5.7.1", "421 4.3.2", "354", "250", "")
]
EMAIL = json.dumps({"email": f"{CANARY}@example.org"}).encode()


@dataclass
class Watched:
    """A message on its way, and everything that is said meanwhile."""

    world: World = field(default_factory=World)
    health: Health = field(default_factory=Health)
    telemetry: Telemetry = field(default_factory=Telemetry)

    async def said(self, contact: bytes, mailer: Mailer) -> str:
        with capture_logs() as lines:
            watch = DeliveryWatch(
                self.health.part("sending"), telemetry=self.telemetry, clock=lambda: self.world.queue.now
            )
            self.world.queue.plan(message("receipt"), CONTACT)
            (claim,) = await self.world.queue.claim(1)
            courier = self.world.courier(contact=contact, mailer=mailer, observer=watch)
            watch.came_to(claim, await courier.deliver(claim))
        logged = [
            {name: describe(value) if isinstance(value, Exception) else value for name, value in line.items()}
            for line in lines
            if line.keys() - {"log_level"} <= FIELDS
        ]
        assert len(logged) == len(lines) > 0
        events = [settled.model_dump_json() for settled in self.world.queue.emitted]
        return f"{logged}{self.health.report()}{self.telemetry.exposition()!r}{events}"


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("step", ["EHLO", "MAIL", "RCPT", "DATA", "content"])
async def test_a_server_that_quotes_the_address_is_not_quoted(step: str, answer: str) -> None:
    watched = Watched()
    async with speaking(Script(pipelining=True, answers={step: answer}, cut_after=step)) as mailer:
        chain = RelayChain(
            [Relay("relay", mailer)], monotonic=lambda: 0.0, condition=watched.health.part("mail servers")
        )
        assert CANARY not in await watched.said(EMAIL, chain)


class Tripping:
    """A `Mailer` with a fault of ours, whose text holds what it was about."""

    async def hand_over(self, mail: object, *, before_content: object) -> None:
        raise ValueError(f"{CANARY}: {mail} {before_content}")


@pytest.mark.parametrize(
    "contact",
    [
        EMAIL,
        CANARY.encode(),
        json.dumps({"email": f"{CANARY}\r\nBcc: {CANARY}@example.org"}).encode(),
        json.dumps({"email": [CANARY], "name": CANARY}).encode(),
    ],
    ids=["fault of ours", "no document", "line break", "wrong kind"],
)
async def test_neither_a_fault_of_ours_nor_a_contact_that_cannot_be_used_is_quoted(contact: bytes) -> None:
    told = await Watched().said(contact, Tripping())  # type: ignore[arg-type] # it hands nothing over
    assert CANARY not in told
