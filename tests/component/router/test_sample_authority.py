import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest
from joserfc.jwk import ECKey

from amtsweg.stack.description import AuthorityDescription
from shared.events.case import AnswerGiven, RefusalReason
from shared.events.submission import SubmissionDelivered
from shared.events.topics import AUTHORITY_INBOX, AUTHORITY_OUTBOX, MAX_CONTENT_BYTES
from tests.support.events import GIESSEN
from tests.support.routing import RouterInMemory, authority_key, submission

FOLDER = Path(__file__).parents[3] / "examples" / "authority"
README = (FOLDER / "README.md").read_text()


@pytest.fixture(scope="module")
def sample() -> ModuleType:
    """The example, loaded from its file: it is a script to be copied, not a package."""
    spec = importlib.util.spec_from_file_location("sample_authority", FOLDER / "authority.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def delivered(tmp_path: Path) -> SubmissionDelivered:
    (event, *_) = RouterInMemory(tmp_path).take(submission(content=b'{"betrieb":"Laden"}'))
    assert isinstance(event.data, SubmissionDelivered)
    return event.data


def test_what_the_router_delivers_opens_with_the_authoritys_key(
    sample: ModuleType, delivered: SubmissionDelivered
) -> None:
    key = ECKey.import_key(authority_key(GIESSEN))

    case = sample.open_case(delivered.to_json(), key, str(submission().submission_id))

    assert case["content"] == {"betrieb": "Laden"}
    assert case["receipt"]["receiptNumber"] == delivered.receipt.receipt_number


def test_the_largest_content_opens_too(sample: ModuleType, tmp_path: Path) -> None:
    text = "x" * (MAX_CONTENT_BYTES - 2)
    (event, *_) = RouterInMemory(tmp_path).take(submission(content=f'"{text}"'.encode()))
    assert isinstance(event.data, SubmissionDelivered)

    case = sample.open_case(
        event.data.to_json(), ECKey.import_key(authority_key(GIESSEN)), str(submission().submission_id)
    )

    assert case["content"] == text


def test_content_of_another_submission_is_not_filed(
    sample: ModuleType, delivered: SubmissionDelivered
) -> None:
    with pytest.raises(ValueError, match="another submission"):
        sample.open_case(
            delivered.to_json(), ECKey.import_key(authority_key(GIESSEN)), str(submission("x").submission_id)
        )


def test_a_case_filed_twice_lies_there_once(sample: ModuleType, tmp_path: Path) -> None:
    for _ in range(2):
        sample.file({"content": "ä"}, tmp_path / "eingang" / "1.json")

    assert [path.name for path in (tmp_path / "eingang").iterdir()] == ["1.json"]
    assert json.loads((tmp_path / "eingang" / "1.json").read_text()) == {"content": "ä"}


def test_the_guide_shows_the_access_that_the_set_up_hands_out() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", README, re.DOTALL)

    shown = AuthorityDescription.model_validate(json.loads(block)["authorities"][GIESSEN])

    assert shown.inbox_topic == AUTHORITY_INBOX.for_authority(GIESSEN)
    assert shown.outbox_topic == AUTHORITY_OUTBOX.for_authority(GIESSEN)
    assert shown.group == shown.username == f"authority.{GIESSEN}"


def test_the_guide_names_every_field_of_an_answer_and_every_refusal() -> None:
    fields = {info.alias for info in AnswerGiven.model_fields.values()}

    assert set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)) == fields
    assert all(f"`{reason}`" in README for reason in get_args(RefusalReason))


def test_the_guide_names_the_options_of_the_program() -> None:
    program = (FOLDER / "authority.py").read_text()

    assert all(f'"{option}"' in program for option in re.findall(r" (--\w+)", README))
