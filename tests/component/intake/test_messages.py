"""Messages of the authorities: only the client that owns the case reads them, sealed, until it has confirmed."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.intake.ports import AuthorityMessage
from tests.component.intake.conftest import Intake, problem_of
from tests.contracts.intake.messages import message
from tests.support.events import sealed


@pytest.fixture
async def case(intake: Intake) -> UUID:
    return UUID((await intake.submit()).json()["caseId"])


def deliver(intake: Intake, case: UUID, *, client: str = "portal", **changed: Any) -> AuthorityMessage:
    content = sealed("portal-2026", purpose="answer").model_dump_json(by_alias=True)
    made = AuthorityMessage(
        **{name: getattr(message(), name) for name in AuthorityMessage.__dataclass_fields__}
        | {"content": content}
        | changed
    )
    intake.messages.kept.append((case, client, made))
    return made


async def test_the_client_reads_what_was_sealed_for_it_and_confirms(intake: Intake, case: UUID) -> None:
    sent = deliver(intake, case)
    path = f"/v1/cases/{case}/messages"

    read = await intake.http.get(path, headers=intake.bearer())
    for _ in range(2):
        confirmed = await intake.http.post(f"{path}/{sent.message_id}/confirmation", headers=intake.bearer())
        assert confirmed.status_code == 204
    after = await intake.http.get(path, headers=intake.bearer())

    (shown,) = read.json()["messages"]
    assert shown == {
        "messageId": str(sent.message_id),
        "answerId": str(sent.answer_id),
        "at": shown["at"],
        "authority": sent.authority,
        "kind": "decided",
        "outcome": "granted",
        "content": sealed("portal-2026", purpose="answer").model_dump(by_alias=True, mode="json"),
    }
    assert read.headers["cache-control"] == "no-store"
    assert after.json()["messages"] == []
    assert intake.messages.taken_away == [sent.message_id]


async def test_a_message_without_a_part_for_the_client_is_listed(intake: Intake, case: UUID) -> None:
    deliver(intake, case, content=None, outcome=None, kind="information-requested")
    read = await intake.http.get(f"/v1/cases/{case}/messages", headers=intake.bearer())
    (shown,) = read.json()["messages"]
    assert shown.keys() == {"messageId", "answerId", "at", "authority", "kind"}


async def test_pages_go_on_where_the_last_one_ended(intake: Intake, case: UUID) -> None:
    sent = [deliver(intake, case) for _ in range(3)]
    path = f"/v1/cases/{case}/messages"
    first = (await intake.http.get(path, params={"limit": 2}, headers=intake.bearer())).json()
    rest = (await intake.http.get(path, params={"after": first["next"]}, headers=intake.bearer())).json()
    told = [each["messageId"] for each in first["messages"] + rest["messages"]]
    assert told == [str(each.message_id) for each in sent]
    assert (first["more"], rest["more"]) == (True, False)


async def test_to_another_client_the_case_does_not_exist(intake: Intake, case: UUID) -> None:
    sent = deliver(intake, case)
    for method, path in (("GET", ""), ("POST", f"/{sent.message_id}/confirmation")):
        theirs = await intake.http.request(
            method, f"/v1/cases/{case}/messages{path}", headers=intake.bearer("other")
        )
        nobodys = await intake.http.request(
            method, f"/v1/cases/{uuid4()}/messages{path}", headers=intake.bearer("other")
        )
        assert problem_of(theirs) == problem_of(nobodys) == (404, "not-found")
    assert intake.messages.taken_away == []


async def test_an_invalid_cursor_is_refused(intake: Intake, case: UUID) -> None:
    answer = await intake.http.get(
        f"/v1/cases/{case}/messages", params={"after": "x"}, headers=intake.bearer()
    )
    assert problem_of(answer) == (410, "cursor-unknown")
