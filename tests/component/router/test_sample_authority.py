import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, get_args
from uuid import uuid4

import httpx
import pytest
from joserfc.jwk import ECKey, KeySet

from amtsweg.stack.description import AuthorityDescription
from services.router.adapters.http.answer_problems import no_effect
from services.router.adapters.http.answers import AnswerDocument
from services.router.domain.cases.answering import AnswerContradiction, AnswerIneffective
from shared.events.case import RefusalReason
from shared.events.clock import PeriodEnding
from shared.events.envelope import event_type
from shared.events.submission import SubmissionDelivered
from shared.events.topics import AUTHORITY_INBOX, MAX_CONTENT_BYTES
from tests.support.events import GIESSEN
from tests.support.routing import RouterInMemory, authority_key, submission
from tests.support.sample_authority import FOLDER, load_sample

README = (FOLDER / "README.md").read_text()


@pytest.fixture(scope="module")
def sample() -> ModuleType:
    return load_sample()


@pytest.fixture
def delivered(tmp_path: Path) -> SubmissionDelivered:
    (event, *_) = RouterInMemory(tmp_path).take(submission(content=b'{"betrieb":"Laden"}'))
    assert isinstance(event.data, SubmissionDelivered)
    return event.data


def test_what_the_router_delivers_opens_with_the_authoritys_key(
    sample: ModuleType, delivered: SubmissionDelivered
) -> None:
    case = sample.open_case(delivered.to_json(), keys_of_giessen(), str(submission().submission_id))

    assert case["content"] == {"betrieb": "Laden"}
    assert case["receipt"]["receiptNumber"] == delivered.receipt.receipt_number


def test_the_largest_content_opens_too(sample: ModuleType, tmp_path: Path) -> None:
    text = "x" * (MAX_CONTENT_BYTES - 2)
    (event, *_) = RouterInMemory(tmp_path).take(submission(content=f'"{text}"'.encode()))
    assert isinstance(event.data, SubmissionDelivered)

    case = sample.open_case(event.data.to_json(), keys_of_giessen(), str(submission().submission_id))

    assert case["content"] == text


def test_content_of_another_submission_is_not_filed(
    sample: ModuleType, delivered: SubmissionDelivered
) -> None:
    with pytest.raises(ValueError, match="another submission"):
        sample.open_case(delivered.to_json(), keys_of_giessen(), str(submission("x").submission_id))


def test_a_case_filed_twice_lies_there_once(sample: ModuleType, tmp_path: Path) -> None:
    for _ in range(2):
        sample.file({"content": "ä"}, tmp_path / "eingang" / "1.json")

    assert [path.name for path in (tmp_path / "eingang").iterdir()] == ["1.json"]
    assert json.loads((tmp_path / "eingang" / "1.json").read_text()) == {"content": "ä"}


def test_the_guide_shows_the_access_that_the_set_up_hands_out() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", README, re.DOTALL)

    shown = AuthorityDescription.model_validate(json.loads(block)["authorities"][GIESSEN])

    assert shown.inbox_topic == AUTHORITY_INBOX.for_authority(GIESSEN)
    assert shown.client_id == GIESSEN
    assert shown.group == shown.username == f"authority.{GIESSEN}"


def test_the_guide_names_every_field_of_an_answer_and_every_refusal() -> None:
    fields = {info.alias for info in AnswerDocument.model_fields.values()}

    assert set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)) == fields
    kinds = [str(no_effect(AnswerIneffective(reason)).document["type"]) for reason in get_args(RefusalReason)]
    kinds.append(str(no_effect(AnswerContradiction()).document["type"]))
    assert all(f"`{kind.rpartition(':')[2]}`" in README for kind in kinds)


def test_the_guide_names_the_options_of_the_program() -> None:
    program = (FOLDER / "authority.py").read_text()

    assert all(f'"{option}"' in program for option in re.findall(r" (--\w+)", README))


@dataclass
class Came:
    """A record as the consumer hands it over."""

    body: bytes
    headers: dict[str, str]


def came(delivered: SubmissionDelivered, *, body: bytes | None = None) -> Came:
    received = submission()
    headers = {
        "ce_id": "1",
        "ce_submissionid": str(received.submission_id),
        "ce_caseid": str(received.case_id),
    }
    return Came(delivered.to_json() if body is None else body, headers)


def taken() -> httpx.Response:
    return httpx.Response(202, json={"answerId": str(uuid4())})


@asynccontextmanager
async def platform(
    sample: ModuleType, said: Callable[[dict[str, Any]], httpx.Response]
) -> AsyncIterator[tuple[Any, list[dict[str, Any]]]]:
    """The sample's way to answer, before doors that say this; and what they were told."""
    told: list[dict[str, Any]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            return httpx.Response(200, json={"access_token": "t"})
        told.append(json.loads(request.content))
        return said(told[-1])

    async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as http:
        access = {"clientId": GIESSEN, "secret": "s"}
        urls = {"intake": "http://intake", "router": "http://doors"}
        yield sample.Answers(http, urls=urls, access=access, pause=0.0), told


def keys_of_giessen() -> KeySet:
    return KeySet([ECKey.import_key(authority_key(GIESSEN))])


async def test_a_case_is_filed_confirmed_and_decided(
    sample: ModuleType, delivered: SubmissionDelivered, tmp_path: Path
) -> None:
    async with platform(sample, lambda _: taken()) as (answers, told):
        await sample.settle(
            came(delivered), keys=keys_of_giessen(), answers=answers, folder=tmp_path / GIESSEN
        )

    assert [each["kind"] for each in told] == ["accepted", "decided"]
    assert [AnswerDocument.model_validate(each).id for each in told] == [each["id"] for each in told]
    assert sample.laid_aside(tmp_path) == []


async def test_while_the_platform_is_away_the_same_answer_is_sent_until_it_is_taken(
    sample: ModuleType, delivered: SubmissionDelivered, tmp_path: Path
) -> None:
    away = [httpx.Response(503), httpx.Response(409, headers={"Retry-After": "2"}), httpx.Response(429)]
    away[2].headers["Retry-After"] = "1"

    async with platform(sample, lambda _: away.pop() if away else taken()) as (answers, told):
        await sample.settle(
            came(delivered), keys=keys_of_giessen(), answers=answers, folder=tmp_path / GIESSEN
        )

    assert [each["kind"] for each in told] == ["accepted"] * 4 + ["decided"]
    assert len({json.dumps(each) for each in told[:4]}) == 1


async def test_a_record_that_fails_three_times_is_laid_aside_and_shown(
    sample: ModuleType, delivered: SubmissionDelivered, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with platform(sample, lambda _: taken()) as (answers, told):
        broken = came(delivered, body=b"no JSON")
        await sample.settle(
            broken, keys=keys_of_giessen(), answers=answers, folder=tmp_path / GIESSEN, pause=0
        )

    assert told == []
    (aside,) = sample.laid_aside(tmp_path)
    assert json.loads(aside.read_text())["value"] == "no JSON"
    assert "attempts made: 3" in caplog.text


async def test_reports_about_a_case_are_noted_and_not_answered(
    sample: ModuleType, delivered: SubmissionDelivered, tmp_path: Path
) -> None:
    async with platform(sample, lambda _: taken()) as (answers, told):
        warning = came(delivered, body=b"{}")
        warning.headers["ce_type"] = event_type(PeriodEnding)
        await sample.settle(warning, keys=keys_of_giessen(), answers=answers, folder=tmp_path / GIESSEN)

    assert (told, sample.laid_aside(tmp_path)) == ([], [])
    assert event_type(SubmissionDelivered) == sample.SUBMISSION


async def test_what_the_platform_refuses_is_not_tried_again_but_laid_aside(
    sample: ModuleType, delivered: SubmissionDelivered, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with platform(sample, lambda _: httpx.Response(404, json={"resolution": "x"})) as (answers, told):
        await sample.settle(
            came(delivered), keys=keys_of_giessen(), answers=answers, folder=tmp_path / GIESSEN
        )

    assert len(told) == 1
    assert len(sample.laid_aside(tmp_path)) == 1
    assert "attempts made: 1" in caplog.text
