"""Every route is asked for every kind of act by one auditor: it tells nobody's name. Refused visits are on record."""

import asyncio
import io
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import orjson
import pytest

from services.audit.adapters.postgres.ledger import PostgresLedgers
from services.audit.domain.payload import canonical
from services.audit.domain.pending_entry import PendingEntry
from services.audit.handler.refusals import BUDGET, PERIOD, Refusals
from services.audit.handler.sequence import Sequencer
from tests.integration.audit.conftest import RunningLog
from tests.integration.audit.test_evaluations import approve
from tests.integration.audit.test_reading_room import asking, leaves, pseudonym
from tests.support.audit import NOW, ORIGIN, SECRECY
from tests.support.audit_story import CASE, STORY, SUBMISSION

WHO, REASON = "klaerung-7", "weil der Ort feststeht"
ORDERED = replace(
    STORY[3],
    id=UUID(int=77),
    actor=SECRECY.actor(WHO, "2026-01"),
    payload=canonical(
        {**orjson.loads(STORY[3].payload), "id": str(UUID(int=77)), "data": {"assignment": {"principal": WHO, "reason": REASON}}}
    ),
)  # fmt: skip
WITH_ACTS: Sequence[PendingEntry] = (*STORY, ORDERED)


async def with_acts(running: RunningLog) -> int:
    """Somebody of the desk has ordered; one auditor has looked, was refused, asked for an evaluation, and approved one."""
    await running.append(*WITH_ACTS)
    await running.client.get(f"/v1/cases/{SUBMISSION}/timeline", headers=asking("rechnungshof"))
    await running.client.get("/v1/entries", params={"actor": "x"}, headers=asking("rechnungshof"))
    asked = await running.client.post(
        "/v1/evaluations", json={"actor": "spiegel"}, headers=asking("datenschutz")
    )
    await approve(running, asked.json()["id"], "rechnungshof")
    await running.client.post("/v1/evaluations", json={"actor": "spiegel"}, headers=asking("rechnungshof"))
    size = len(WITH_ACTS) + 5
    await running.covered(size)
    return size


def unpacked(content: bytes) -> bytes:
    if content[257:262] != b"ustar":
        return content
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members = [archive.extractfile(member) for member in archive]
        return b"".join(member.read() for member in members if member is not None)


async def test_no_route_tells_one_auditor_what_a_person_did(running: RunningLog) -> None:
    size = await with_acts(running)
    routes = [
        "/v1/entries?limit=1000",
        *(f"/v1/entries?type={type_}" for type_ in ("de.amtsweg.Looked.v1", "de.amtsweg.AssignOrdered.v1")),
        *(f"/v1/entries/{index}/evidence" for index in range(size)),
        *(
            f"/v1/cases/{reference}/{what}"
            for reference in (SUBMISSION, CASE)
            for what in ("timeline", "evidence")
        ),
        "/v1/export?format=jsonl",
        "/v1/completeness",
        "/v1/status",
        f"/log/tile/entries/000.p/{size}",
    ]
    known = {WHO.encode(), REASON.encode(), b"rechnungshof", b"spiegel", pseudonym("rechnungshof").encode()}
    known |= {SECRECY.actor(WHO, "2026-01").encode()}
    reader = asking("rechnungshof", **{"Amtsweg-Purpose": "Stichprobe"})
    for route in routes:
        answer = await running.client.get(route, headers=reader)
        assert answer.status_code == 200, (route, answer.text)
        told = unpacked(answer.content)
        assert [name for name in known if name in told] == [], route


@pytest.mark.parametrize("whom", [WHO, "rechnungshof"])
async def test_an_approved_evaluation_opens_that_persons_acts_on_every_route(
    running: RunningLog, whom: str
) -> None:
    await with_acts(running)
    asked = await running.client.post("/v1/evaluations", json={"actor": whom}, headers=asking("rechnungshof"))
    id_ = asked.json()["id"]
    await approve(running, id_, "datenschutz")
    for route in (f"/v1/cases/{SUBMISSION}/timeline", f"/v1/cases/{SUBMISSION}/evidence", "/v1/export"):
        answer = await running.client.get(route, params={"evaluation": id_}, headers=asking("rechnungshof"))
        assert whom.encode() in unpacked(answer.content), route
        other = "rechnungshof" if whom == WHO else REASON
        assert other.encode() not in unpacked(answer.content), route
        refused = await running.client.get(route, params={"evaluation": id_}, headers=asking("datenschutz"))
        assert refused.status_code == 403
    found = await running.client.get(
        "/v1/entries", params={"actor": whom, "evaluation": id_}, headers=asking("rechnungshof")
    )
    assert len(found.json()["entries"]) >= 1


async def test_a_named_readers_refused_visits_are_on_record_however_many_strangers_come(
    running: RunningLog,
) -> None:
    for _ in range(BUDGET + 20):
        assert (await running.client.get("/v1/entries")).status_code == 401
    counted = await running.client.get("/v1/entries")
    assert "gezählt" in counted.json()["detail"]
    for _ in range(3):
        answer = await running.client.get("/v1/entries", params={"actor": "x"}, headers=asking())
        assert "steht als Eintrag" in answer.json()["detail"]
    kind = "de.amtsweg.LookRefused.v1"
    assert len(await leaves(running, kind)) == BUDGET + 3
    rows = await running.pool.fetch("select actor_ref from entries where type = $1 order by index", kind)
    assert [row[0] and row[0].hex for row in rows] == [None] * BUDGET + [pseudonym("rechnungshof")] * 3


async def test_strangers_who_were_only_counted_are_on_record_by_their_number_when_the_hour_is_over(
    running: RunningLog,
) -> None:
    now = NOW
    refusals = Refusals(
        Sequencer(secrecy=SECRECY, random_bytes=bytes),
        ledgers=PostgresLedgers(running.pool, origin=ORIGIN),
        secrecy=SECRECY,
        clock=lambda: now,
        new_id=uuid4,
    )
    said = [await refusals.refuse("no token", "/v1/entries") for _ in range(BUDGET + 30)]
    assert said == [*range(BUDGET), *[None] * 30]
    await refusals.settle()
    now += PERIOD - timedelta(seconds=1)
    await refusals.settle()
    assert len(await leaves(running, "de.amtsweg.LookRefused.v1")) == BUDGET
    now += timedelta(seconds=1)
    await refusals.settle()
    await refusals.settle(now=True)
    assert len(await leaves(running, "de.amtsweg.LookRefused.v1")) == BUDGET + 1
    answer = await running.client.get(f"/v1/entries/{BUDGET}/evidence", headers=asking())
    await running.covered(BUDGET + 1)
    answer = await running.client.get(f"/v1/entries/{BUDGET}/evidence", headers=asking())
    (entry,) = answer.json()["entries"]
    data = orjson.loads(entry["payload"])["data"]
    assert data == {"reason": "no token", "route": "various", "attempts": 30}


async def test_who_is_refused_is_on_record_whatever_he_sends_along(running: RunningLog) -> None:
    answer = await running.client.post("/v1/evaluations", content=b"{", headers={"Authorization": "Bearer x"})
    assert answer.status_code == 401
    assert len(await leaves(running, "de.amtsweg.LookRefused.v1")) == 1
    answer = await running.client.post("/v1/evaluations", content=b"{", headers=asking())
    assert answer.status_code == 400


async def test_what_reads_the_whole_log_runs_once_at_a_time(running: RunningLog) -> None:
    await running.append(*WITH_ACTS)
    await running.covered(len(WITH_ACTS))
    for path in ("/v1/export", "/v1/completeness?on=2026-01-12"):
        answers = await asyncio.gather(*(running.client.get(path, headers=asking()) for _ in range(5)))
        statuses = sorted(answer.status_code for answer in answers)
        assert set(statuses) <= {200, 503}
        assert 200 in statuses
        assert (await running.client.get(path, headers=asking())).status_code == 200
