"""What a person did is shown to one auditor only after another one has agreed; both are on record."""

import httpx
import pytest

from tests.integration.audit.conftest import TOKENS, RunningLog
from tests.integration.audit.test_reading_room import (
    CASE,
    actors,
    asking,
    leaves,
    pseudonym,
    refusals,
    with_a_case,
)

WHOM = "rechnungshof"


async def request(running: RunningLog, reader: str = "datenschutz") -> str:
    answer = await running.client.post("/v1/evaluations", json={"actor": WHOM}, headers=asking(reader))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def approve(running: RunningLog, evaluation: str, reader: str = WHOM) -> httpx.Response:
    return await running.client.post(f"/v1/evaluations/{evaluation}/approval", headers=asking(reader))


async def evaluate(running: RunningLog, reader: str = "datenschutz", **parameters: str) -> httpx.Response:
    return await running.client.get(
        "/v1/entries", params={"actor": WHOM, **parameters}, headers=asking(reader)
    )


async def test_an_approved_evaluation_shows_what_the_person_did(running: RunningLog) -> None:
    await with_a_case(running)
    await running.client.get(f"/v1/cases/{CASE}/timeline", headers=asking(WHOM))
    evaluation = await request(running)
    assert (await approve(running, evaluation)).status_code == 201
    answer = await evaluate(running, evaluation=evaluation)
    assert [entry["leaf"]["type"] for entry in answer.json()["entries"]] == [
        "de.amtsweg.Looked.v1",
        "de.amtsweg.EvaluationApproved.v1",
    ]


async def test_request_and_approval_are_leaves_of_those_who_acted(running: RunningLog) -> None:
    await approve(running, await request(running))
    (requested,) = await leaves(running, "de.amtsweg.EvaluationRequested.v1")
    (approved,) = await leaves(running, "de.amtsweg.EvaluationApproved.v1")
    assert await actors(running, "de.amtsweg.EvaluationRequested.v1") == [pseudonym("datenschutz")]
    assert await actors(running, "de.amtsweg.EvaluationApproved.v1") == [pseudonym(WHOM)]
    assert WHOM not in str(requested) + str(approved)


async def test_an_evaluation_that_nobody_has_approved_shows_nothing(running: RunningLog) -> None:
    evaluation = await request(running)
    for answer in (await evaluate(running), await evaluate(running, evaluation=evaluation)):
        assert answer.status_code == 403
    assert await refusals(running) == 2


async def test_nobody_approves_his_own_evaluation(running: RunningLog) -> None:
    evaluation = await request(running)
    assert (await approve(running, evaluation, "datenschutz")).status_code == 403
    assert (await evaluate(running, evaluation=evaluation)).status_code == 403
    assert await refusals(running) == 2


async def test_an_approval_opens_neither_another_persons_acts_nor_to_another_reader(
    running: RunningLog,
) -> None:
    evaluation = await request(running)
    await approve(running, evaluation)
    other = await evaluate(running, evaluation=evaluation, actor="datenschutz")
    stranger = await evaluate(running, WHOM, evaluation=evaluation)
    assert (other.status_code, stranger.status_code) == (403, 403)


async def test_a_second_approval_is_refused(running: RunningLog) -> None:
    evaluation = await request(running)
    assert [(await approve(running, evaluation)).status_code for _ in range(2)] == [201, 403]
    assert len(await leaves(running, "de.amtsweg.EvaluationApproved.v1")) == 1


async def test_requests_are_listed_for_those_who_may_approve(running: RunningLog) -> None:
    evaluation = await request(running)
    listed = (await running.client.get("/v1/evaluations", headers=asking(WHOM))).json()["evaluations"]
    assert [(each["id"], each["reader"], each["actor"]) for each in listed] == [
        (evaluation, "datenschutz", WHOM)
    ]
    assert "approvedBy" not in listed[0]


async def test_an_unknown_evaluation_cannot_be_approved(running: RunningLog) -> None:
    assert (await approve(running, "00000000-0000-4000-8000-000000000001")).status_code == 404


@pytest.mark.parametrize("token", ["", TOKENS["spiegel"]])
async def test_who_may_not_look_may_not_ask_for_an_evaluation(running: RunningLog, token: str) -> None:
    headers = asking() | {"Authorization": f"Bearer {token}"}
    answer = await running.client.post("/v1/evaluations", json={"actor": WHOM}, headers=headers)
    assert answer.status_code in {401, 403}
    assert await leaves(running, "de.amtsweg.EvaluationRequested.v1") == []
