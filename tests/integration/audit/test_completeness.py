"""What is missing is found behind the log and as of any day; a closed day says "these entries, and no others"."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import pytest

from services.audit.domain.daily_statement import Statement, verify_statement
from services.audit.domain.pending_entry import PendingEntry, effects_of
from services.audit.domain.policy import log_only
from services.audit.domain.pseudonyms import Pseudonymizer
from shared.events.ids import child_id
from tests.integration.audit.conftest import RunningLog
from tests.integration.audit.test_reading_room import actors, asking, leaves, pseudonym, refusals
from tests.support.alarms import rings
from tests.support.audit import LOG_KEY, NOW, ORIGIN, SECRECY, fact

POLICY = log_only(LOG_KEY.verifier)
BERLIN = ZoneInfo("Europe/Berlin")
YESTERDAY = datetime.now(BERLIN) - timedelta(days=1)
DAY = f"{YESTERDAY:%Y-%m-%d}"


def happened(
    kind: str,
    id: UUID,  # noqa: A002 - the word of the envelope
    *,
    case: int,
    at: datetime = NOW,
    secrecy: Pseudonymizer = SECRECY,
) -> PendingEntry:
    type_, case_id = f"de.amtsweg.{kind}.v1", UUID(int=case)
    event = {"id": str(id), "caseid": str(case_id), "type": type_, "time": at.isoformat(), "data": {}}
    return replace(
        fact(0),
        id=id,
        type=type_,
        time=at.isoformat(),
        payload=orjson.dumps(event),
        case=secrecy.case(case_id),
        effects=effects_of(id, type_, secrecy),
    )


def received(case: int, *, at: datetime = NOW) -> PendingEntry:
    return happened("SubmissionReceived", UUID(int=case), case=case, at=at)


def routed(case: int, *, at: datetime = NOW) -> PendingEntry:
    return happened("SubmissionRouted", child_id(UUID(int=case), "routed"), case=case, at=at)


async def account(running: RunningLog, **parameters: str) -> dict[str, tuple[int, int]]:
    answer = await running.client.get("/v1/completeness", params=parameters, headers=asking())
    assert answer.status_code == 200, answer.text
    return {r["rule"]: (r["open"], r["overdue"]) for r in answer.json()["rules"] if r["open"]}


async def test_a_missing_effect_is_found_and_forgotten_once_it_comes(running: RunningLog) -> None:
    await running.append(received(1), received(2), routed(2))
    await running.service.completeness.round()
    assert await account(running) == {"routing": (1, 1), "confirmation": (1, 1), "notification": (2, 2)}
    await running.append(routed(1))
    await running.service.completeness.round()
    assert await account(running) == {"confirmation": (2, 2), "notification": (2, 2)}


async def test_what_is_overdue_shows_in_health_and_metric(running: RunningLog) -> None:
    await running.append(received(1))
    await running.service.completeness.round()
    health = (await running.client.get("/health/ready")).json()["completeness"]
    assert health == {"standing": "degraded", "reason": "overdue obligations: notification: 1, routing: 1"}
    metrics = (await running.client.get("/metrics")).text
    assert 'amtsweg_obligations{rule="routing",standing="overdue"} 1.0' in metrics
    assert rings("AmtswegOverdue", metrics.encode())


async def test_an_account_names_the_case_and_the_entry(running: RunningLog) -> None:
    await running.append(received(1))
    await running.service.completeness.round()
    answer = (await running.client.get("/v1/completeness", headers=asking())).json()
    found = {each["rule"]: (each["case"], each["index"]) for each in answer["overdue"]}
    assert found["routing"] == (SECRECY.case(UUID(int=1)), 0)
    assert answer["judged"] == 1


async def test_an_account_as_of_a_day_is_drawn_from_what_had_happened_by_then(running: RunningLog) -> None:
    before, after = NOW - timedelta(days=9), NOW
    await running.append(received(1, at=before), routed(1, at=before), received(2, at=after))
    on = {"on": f"{NOW - timedelta(days=1):%Y-%m-%d}"}
    assert await account(running, **on) == {"confirmation": (1, 1), "notification": (1, 1)}


async def test_many_cases_are_judged_in_portions(running: RunningLog) -> None:
    await running.append(*(received(n) for n in range(1, 4500)))
    await running.service.completeness.round()
    assert (await account(running))["routing"] == (4499, 4499)


async def test_a_day_is_closed_once_and_its_statement_holds(running: RunningLog) -> None:
    numbers = [replace(fact(n), time=YESTERDAY.isoformat()) for n in range(300)]
    other = replace(fact(999), authority="g-06532023", time=YESTERDAY.isoformat())
    await running.append(*numbers, other)
    for _ in range(2):
        await running.service.completeness.round()
    assert len(await leaves(running, "de.amtsweg.DayStated.v1")) == 1
    await running.covered(302)
    day = (await running.client.get(f"/v1/completeness/days/{DAY}", headers=asking())).json()
    assert (day["start"], day["end"], day["index"]) == (0, 301, 301)
    assert {line["authority"]: line["records"] for line in day["lines"]} == {
        "g-06531005": 300,
        "g-06532023": 1,
    }
    path = f"/v1/completeness/days/{DAY}/authorities/g-06531005"
    file = Statement.from_bytes((await running.client.get(path, headers=asking())).content)
    assert list(verify_statement(file, POLICY).leaves) == list(range(300))


async def test_the_next_day_begins_where_the_last_one_ended(running: RunningLog) -> None:
    await running.append(*(replace(fact(n), time=YESTERDAY.isoformat()) for n in range(3)))
    await running.service.completeness.round()
    days = running.service.days
    tomorrow = replace(days, clock=lambda: datetime.now(BERLIN) + timedelta(days=1))
    await running.append(fact(3))
    stated = await tomorrow.close()
    assert stated is not None
    assert (stated.start, stated.end) == (3, 5)


async def test_an_authority_without_entries_gets_a_proof_that_there_are_none(running: RunningLog) -> None:
    await running.append(replace(fact(1), time=YESTERDAY.isoformat()))
    await running.service.completeness.round()
    await running.covered(2)
    path = f"/v1/completeness/days/{DAY}/authorities/g-06440000"
    file = Statement.from_bytes((await running.client.get(path, headers=asking())).content)
    assert verify_statement(file, POLICY).leaves == {}


async def test_a_day_that_is_not_over_has_no_statement(running: RunningLog) -> None:
    await running.append(replace(fact(1), time=datetime.now(BERLIN).isoformat()))
    await running.service.completeness.round()
    answer = await running.client.get(
        f"/v1/completeness/days/{datetime.now(BERLIN):%Y-%m-%d}", headers=asking()
    )
    assert (answer.status_code, await leaves(running, "de.amtsweg.DayStated.v1")) == (404, [])


@pytest.mark.parametrize("path", ["", "/days/2026-01-12", "/days/2026-01-12/authorities/g-06531005"])
async def test_completeness_is_not_told_without_a_purpose(running: RunningLog, path: str) -> None:
    answer = await running.client.get(f"/v1/completeness{path}", headers=asking(**{"Amtsweg-Purpose": ""}))
    assert (answer.status_code, await refusals(running)) == (400, 1)


async def test_a_question_about_completeness_is_a_leaf(running: RunningLog) -> None:
    await account(running)
    (look,) = await leaves(running, "de.amtsweg.Looked.v1")
    assert await actors(running, "de.amtsweg.Looked.v1") == [pseudonym("rechnungshof")]
    assert ORIGIN not in str(look)
