"""The console tells what happened in a case, which answers had no effect, and how to go on."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, get_args
from uuid import uuid4

import httpx
import pytest

from services.router.adapters.http.console.refusal_words import HOW_TO_GO_ON
from services.router.adapters.refused_answers import DAYS_BACK, FollowedRefusals, refusal_in
from services.router.domain.cases.due import Due
from shared.case_history.words import ANSWERS, DETAILS
from shared.errors import Unavailable
from shared.events.case import AnswerKind, AssignOrdered, RefusalReason
from shared.events.envelope import Event, encode
from shared.events.submission import Assignment, SubmissionReceived
from shared.events.topics import CASE_ORDERED, CASE_UPDATED
from shared.kafka.client import KafkaAddress
from shared.kafka.following import TopicRound
from shared.settings import SignIn
from shared.telemetry.health import Health
from shared.web.sign_in import SignedInPerson
from tests.support.console import ConsoleGround, console_app
from tests.support.events import GIESSEN, RECEIVED_AT
from tests.support.routing import RouterInMemory, about, record, submission

pytestmark = pytest.mark.slow

URL = "https://desk.example"
MARBURG = "g-06534014"


@pytest.fixture
def ground(tmp_path: Path) -> ConsoleGround:
    return ConsoleGround(RouterInMemory(tmp_path))


@pytest.fixture
async def http(ground: ConsoleGround) -> AsyncIterator[httpx.AsyncClient]:
    app = console_app(ground, SignIn(issuer="https://issuer.example", client_id="desk", public_url=URL))
    token = app.state.sessions.begin(SignedInPerson(id="einblick-1", name="Erika Mustermann"))
    headers = {"Cookie": f"__Host-amtsweg-desk-session={token}"}
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=URL, headers=headers) as client:
        yield client


async def _twice_accepted(ground: ConsoleGround) -> Event[SubmissionReceived]:
    sent = submission("antrag-1")
    ground.router.take(sent)
    for own_id in ("a-1", "a-2"):
        await ground.answer(sent, "accepted", authority=GIESSEN, own_id=own_id)
    return sent


async def _lines(http: httpx.AsyncClient, sent: Event[SubmissionReceived]) -> list[dict[str, Any]]:
    answer = (await http.get(f"/console/histories/{sent.case_id}")).raise_for_status()
    assert answer.headers["cache-control"] == "no-store"
    return list(answer.json()["lines"])


async def test_a_history_tells_each_step_in_both_languages_and_how_to_go_on(
    ground: ConsoleGround, http: httpx.AsyncClient
) -> None:
    sent = await _twice_accepted(ground)
    other = submission("antrag-2")
    ground.router.take(other)

    lines = await _lines(http, sent)

    assert [each["code"] for each in lines] == ["received", "routed", "accepted", "answer-refused"]
    assert {each["case"] for each in lines} == {str(sent.case_id)}
    routed, refused = lines[1], lines[3]
    assert routed["authorityName"] == "Magistrat der Stadt Gießen"
    assert refused["de"]["said"] == (
        "Eine Antwort der Behörde blieb ohne Wirkung: Annahme, id a-2 (der Vorgang war schon angenommen)"
    )
    assert refused["en"]["said"] == (
        "An answer by the authority had no effect: acceptance, id a-2 (the case had been accepted already)"
    )
    assert (refused["de"]["do"][:12], refused["en"]["do"][:13]) == ("Nichts zu tu", "Nothing to do")
    assert "do" not in routed["de"]


async def test_an_order_of_the_desk_says_who_gave_it_and_why(
    ground: ConsoleGround, http: httpx.AsyncClient
) -> None:
    sent = await ground.park("antrag-1")
    wish = Assignment(role="Klärungsstelle", reason="Betriebsstätte liegt in Marburg", principal="klaerung-1")
    ordered = about(sent.submission_id, AssignOrdered(authority=MARBURG, assignment=wish), event_id=uuid4())
    await ground.publish(encode(ordered, CASE_ORDERED.name))

    lines = await _lines(http, sent)

    [told] = [each for each in lines if each["code"] == "assign-ordered"]
    assert told["order"] == {"by": "klaerung-1", "reason": "Betriebsstätte liegt in Marburg"}
    assert [each["code"] for each in lines if "order" in each] == ["assign-ordered"]


async def test_answers_without_effect_are_listed_with_the_number_of_their_case(
    ground: ConsoleGround, http: httpx.AsyncClient
) -> None:
    sent = await _twice_accepted(ground)
    await ground.answer(sent, "accepted", authority=MARBURG, own_id="b-1")

    told = (await http.get("/console/refusals")).raise_for_status().json()

    number = sent.data.receipt.receipt_number
    assert (told["days"], told["count"]) == (14, 2)
    assert [(each["receiptNumber"], each["authority"]) for each in told["answers"]] == [
        (number, MARBURG),
        (number, GIESSEN),
    ]
    assert "liegt nicht bei dieser Stelle" in told["answers"][0]["de"]["do"]


async def test_a_history_that_cannot_be_read_says_so_and_the_case_is_shown_all_the_same(
    ground: ConsoleGround, http: httpx.AsyncClient
) -> None:
    sent = await _twice_accepted(ground)
    ground.histories_away = True
    ground.due[sent.case_id] = Due(kind="decision-due", on=date(2026, 4, 10))

    history = await http.get(f"/console/histories/{sent.case_id}")
    case = (await http.get(f"/console/cases/{sent.data.receipt.receipt_number}")).json()

    assert history.status_code == 503
    assert (case["standing"], case["due"]) == ("accepted", {"kind": "decision-due", "on": "2026-04-10"})


async def test_of_a_case_that_is_erased_or_unknown_nothing_is_told(
    ground: ConsoleGround, http: httpx.AsyncClient
) -> None:
    sent = await _twice_accepted(ground)
    kept = json.loads(ground.router.state.kept[str(sent.case_id)])
    ground.router.state.kept[str(sent.case_id)] = json.dumps(kept | {"standing": "erased"}).encode()

    assert await _lines(http, sent) == []
    assert (await http.get(f"/console/histories/{uuid4()}")).status_code == 404


def test_every_reason_says_how_to_go_on_in_both_languages() -> None:
    assert HOW_TO_GO_ON.keys() == set(get_args(RefusalReason))
    assert set(get_args(RefusalReason)) <= DETAILS.keys()
    assert set(get_args(AnswerKind)) == ANSWERS.keys()
    assert len({words for each in HOW_TO_GO_ON.values() for words in (each.de, each.en)}) == 2 * len(
        HOW_TO_GO_ON
    )


async def test_the_view_keeps_refusals_of_the_last_days_and_passes_over_what_it_cannot_read(
    ground: ConsoleGround,
) -> None:
    await _twice_accepted(ground)
    updates = [record(each) for each in ground.router.out if each.topic == CASE_UPDATED.name]
    [refused] = [each for each in updates if refusal_in(each)]
    broken = replace(refused, value=b"{")
    now = RECEIVED_AT.timestamp()
    clock = [now]
    view = FollowedRefusals(
        KafkaAddress(bootstrap="-"), condition=Health().part("refusals"), seconds=lambda: clock[0]
    )
    with pytest.raises(Unavailable, match="being built"):
        view.refused()
    await view.take(TopicRound([broken, *updates], {}, complete=True))

    assert [each.detail for each in view.refused()] == ["already-accepted"]
    clock[0] = now + (DAYS_BACK + 1) * 86_400
    assert view.refused() == []
    await view.lost(OSError())
    with pytest.raises(Unavailable):
        view.refused()
