"""Custody knows the keys that a case's records have named, and the doors take no part that is sealed to another."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from shared.events.custody import CaseHeld
from shared.events.sealed_answer import AnswerKeyNames, KeyName
from shared.events.supplement import SupplementReceived
from shared.events.topics import CASE_SUBMITTED
from tests.support.doors import DoorsInMemory, connected
from tests.support.events import ANSWER_KEYS, POINT, RECEIPT, sealed, sealed_part
from tests.support.routing import RouterInMemory, about, submission

CASE = uuid4()


def answer(own_id: str, content: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": own_id,
        "caseId": str(CASE),
        "kind": "decided",
        "outcome": "granted",
        "givenAt": "2026-01-12T10:00:00Z",
        "content": content,
    }


@pytest.mark.parametrize(
    ("entry", "language", "said"),
    [
        ({"kid": "foreign"}, "de", "content.recipients.header.kid nennt keinen der Schlüssel"),
        ({"kid": "foreign"}, "en", "content.recipients.header.kid names none of the keys"),
        ({"epk": POINT | {"x": POINT["y"]}}, "de", "content.recipients.header.epk ist kein Punkt"),
        ({"epk": POINT | {"x": POINT["y"]}}, "en", "content.recipients.header.epk is no point"),
    ],
)
async def test_a_part_that_is_not_sealed_to_a_key_of_the_case_is_refused_with_its_place(
    entry: dict[str, Any], language: str, said: str
) -> None:
    doors = DoorsInMemory()
    doors.hold(CASE, answer_keys=AnswerKeyNames(content=(KeyName(kid="client-2026", kind="P-256"),)))
    content = json.loads(sealed_part().model_dump_json(by_alias=True))
    async with connected(doors) as http:
        right = await http.post("/v1/answers", json=answer("right", content))
        content["recipients"][0]["header"] |= entry
        wrong = await http.post(
            "/v1/answers", json=answer("wrong", content), headers={"Accept-Language": language}
        )

    assert right.status_code == 202
    assert (wrong.status_code, wrong.json()["type"]) == (422, "urn:amtsweg:problem:sealed-part-malformed")
    assert wrong.json()["detail"].startswith(said)
    assert len(doors.sent) == 1


def test_custody_keeps_the_keys_that_the_submission_and_its_supplements_name(tmp_path: Path) -> None:
    router = RouterInMemory(tmp_path)
    received = submission()
    router.take(replace(received, data=received.data.model_copy(update={"answer_keys": ANSWER_KEYS})))
    renewed = ANSWER_KEYS.client.keys[0].model_copy(update={"kid": "verwaltungsportal-2028"})
    client = ANSWER_KEYS.client.model_copy(update={"keys": (renewed,)})
    data = SupplementReceived(
        receipt=RECEIPT, content=sealed(), answer_keys=ANSWER_KEYS.model_copy(update={"client": client})
    )
    router.take(
        replace(about(uuid4(), data, event_id=uuid4()), case_id=received.case_id), CASE_SUBMITTED.name
    )

    held = CaseHeld.from_json(router.state.kept[str(received.case_id)])
    assert held.answer_keys == AnswerKeyNames(
        content=(
            KeyName(kid="verwaltungsportal-2026", kind="P-256"),
            KeyName(kid="verwaltungsportal-2027", kind="RSA"),
            KeyName(kid="verwaltungsportal-2028", kind="P-256"),
        ),
        notice=(KeyName(kid="notifier-2026", kind="P-256"),),
    )
