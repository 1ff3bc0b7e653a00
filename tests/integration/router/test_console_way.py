"""The console as it is deployed: desk, router and issuer as processes, real Kafka, people who sign in."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid5

import httpx
import pytest

from amtsweg.stack.service import ServiceProcess
from shared.events.case import AnswerGiven, CaseAnswered
from shared.events.competence import Place
from shared.events.envelope import Event, encode
from shared.events.submission import SubmissionRouted
from shared.events.topics import CASE_ANSWERED, SUBMISSION_RECEIVED, SUBMISSION_ROUTED
from tests.integration.router.conftest import Ground
from tests.integration.router.pages_at_work import serving_page, signed_in

NOWHERE = Place(plz="99999")
MARBURG = "g-06534014"


@pytest.fixture(scope="module")
def console(ground: Ground, router: ServiceProcess, intake: ServiceProcess) -> Iterator[str]:
    """The address of a desk that knows an issuer."""
    with serving_page(ground, "desk") as address:
        yield address


async def _found(browser: httpx.AsyncClient, reference: str, *, standing: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            answer = await browser.get(f"/console/cases/{reference}")
            if answer.status_code == 200 and answer.json()["standing"] == standing:
                return dict(answer.json())
            await asyncio.sleep(0.1)


async def test_a_parked_case_is_found_by_its_number_and_assigned(ground: Ground, console: str) -> None:
    sent = ground.submission(place=NOWHERE)
    await ground.receive(sent)
    async with signed_in(console, "desk", "klaerung-1") as person:
        number = sent.data.receipt.receipt_number
        found = await _found(person, number, standing="parked")
        assert found["case"] == str(sent.case_id)
        wish = {"authority": MARBURG, "reason": "Betriebsstätte in Marburg", "outsideCandidates": True}
        told = await person.post(f"/console/v1/parked/{number}/assignment", json=wish)
        assert told.json()["authority"] == MARBURG, told.text
        await _found(person, str(sent.submission_id), standing="routed")
        overview = (await person.get("/console/overview")).raise_for_status().json()
        assert overview["standings"]["routed"] >= 1
        assert (await person.get("/console/letters")).status_code == 403
        for own_id in ("a-1", "a-2"):
            await _confirmed(ground, sent, authority=MARBURG, own_id=own_id)
        await _an_answer_without_effect_is_in_the_history_and_in_the_list(person, str(sent.case_id))
    routed = await ground.until(SUBMISSION_ROUTED.name, sent.case_id, SubmissionRouted)
    assert isinstance(routed.data, SubmissionRouted)
    assert routed.data.assignment is not None
    assert routed.data.assignment.principal == "klaerung-1"
    async with signed_in(console, "desk", "betrieb-1") as person:
        await _proposed(person, str(sent.case_id))
        await _suspended_and_let_in(person, "g-06633003")


async def _confirmed(ground: Ground, sent: Event[Any], *, authority: str, own_id: str) -> None:
    answer = AnswerGiven(kind="accepted", given_at=sent.time)
    data = CaseAnswered(authority=authority, own_id=own_id, answer=answer)
    event = replace(sent, id=uuid5(sent.case_id, own_id), data=data)
    await ground.send(encode(event, CASE_ANSWERED.name), username="doors")


async def _an_answer_without_effect_is_in_the_history_and_in_the_list(
    person: httpx.AsyncClient, case: str
) -> None:
    """Read from the topics when asked, with the rights that the desk has."""
    async with asyncio.timeout(60):
        while True:
            history = await person.get(f"/console/histories/{case}")
            refused = await person.get("/console/refusals")
            codes = [each["code"] for each in history.json().get("lines", ())]
            listed = {each["case"] for each in refused.json().get("answers", ())}
            if codes[-1:] == ["answer-refused"] and case in listed:
                break
            await asyncio.sleep(0.1)
    assert codes[:2] == ["received", "parked"]
    assert "assign-ordered" in codes  # by whom it came to this authority
    assert codes[-3:] == ["routed", "accepted", "answer-refused"]


async def _proposed(person: httpx.AsyncClient, case: str) -> None:
    """What was assigned becomes a proposal for the directory within seconds."""
    async with asyncio.timeout(60):
        while True:
            answer = await person.get("/console/proposals")
            listed = answer.json()["proposals"] if answer.status_code == 200 else []
            previews = [(await person.get(f"/console/proposals/{each['id']}")).json() for each in listed]
            if any(case in {each["case"] for each in preview["assigned"]} for preview in previews):
                return
            await asyncio.sleep(0.1)


async def _suspended_and_let_in(person: httpx.AsyncClient, authority: str) -> None:
    for order, suspended in (("suspend", True), ("resume", False)):
        (await person.post(f"/console/authorities/{authority}/{order}")).raise_for_status()
        async with asyncio.timeout(60):
            while True:
                if suspended == (authority in await _shut_out(person)):
                    break
                await asyncio.sleep(0.1)


async def _shut_out(person: httpx.AsyncClient) -> set[str]:
    overview = (await person.get("/console/overview")).raise_for_status().json()
    return {each["authority"] for each in overview["suspended"]}


async def test_a_dead_letter_is_shown_and_given_up_by_the_group_that_owns_it(
    ground: Ground, console: str
) -> None:
    broken = ground.submission()
    message = encode(broken, SUBMISSION_RECEIVED.name)
    await ground.send(replace(message, value=b"{"))
    async with signed_in(console, "desk", "betrieb-1") as person:
        found = await _letter(person, str(broken.case_id))
        assert (found["group"], found["kind"]) == ("router", "undecodable")
        body = {"name": found["name"], "reason": "test"}
        told = (await person.post("/console/letters/close", json=body)).raise_for_status().json()
        assert told["outcome"] == "closed"
        assert (await person.post("/console/letters/close", json=body)).status_code == 404


async def _letter(person: httpx.AsyncClient, case: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            listed = (await person.get("/console/letters")).raise_for_status().json()["letters"]
            for each in listed:
                if each.get("case") == case and each["group"] == "router":
                    return dict(each)
            await asyncio.sleep(0.1)
