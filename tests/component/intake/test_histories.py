from uuid import UUID, uuid4

import httpx
import pytest

from shared.case_history.lines import HistoryLine
from tests.component.intake.conftest import Intake, problem_of

pytestmark = pytest.mark.slow

SOMEBODYS = UUID("8ef2a5e1-5063-485e-b8c2-840f058b026e")


async def get(intake: Intake, path: str, **headers: str) -> httpx.Response:
    return await intake.http.get(path, headers={**intake.bearer(), **headers})


def tell(
    intake: Intake, code: str, *, detail: str | None = None, authority: str | None = None
) -> HistoryLine:
    [(entry, _, _)] = intake.store.rows.values()
    told = HistoryLine(
        event_id=uuid4(),
        case_id=entry.case_id,
        submission_id=entry.submission_id,
        at=entry.receipt.received_at,
        code=code,
        detail=detail,
        authority=authority,
    )
    intake.histories.lines.append(told)
    return told


async def test_the_link_in_the_receipt_leads_to_the_submission(intake: Intake) -> None:
    receipt = (await intake.submit()).json()
    known = (await get(intake, receipt["links"]["self"])).json()
    assert known.items() >= receipt.items()
    assert known["status"] == {"code": "received", "text": "Eingegangen", "since": receipt["receivedAt"]}


async def test_the_status_is_said_in_german_or_in_english(intake: Intake) -> None:
    receipt = (await intake.submit()).json()
    tell(intake, "parked", detail="unknown-place")
    german = await get(intake, receipt["links"]["self"])
    english = await get(intake, receipt["links"]["self"], **{"Accept-Language": "en"})
    assert german.json()["status"]["text"].endswith("(der Ort ist nicht bekannt)")
    assert english.json()["status"]["text"].endswith("(the place is not known)")
    assert (german.json()["status"]["detail"], english.headers["content-language"]) == ("unknown-place", "en")


async def test_the_history_tells_every_event_with_its_id(intake: Intake) -> None:
    receipt = (await intake.submit()).json()
    told = [tell(intake, "received"), tell(intake, "routed", authority="g-06531005")]
    history = (await get(intake, receipt["links"]["history"])).json()
    assert [line["eventId"] for line in history["events"]] == [str(each.event_id) for each in told]
    assert history["events"][1]["authority"] == "g-06531005"
    assert history["status"]["code"] == "routed"


async def test_another_clients_ids_answer_like_unknown_ones(intake: Intake) -> None:
    receipt = (await intake.submit()).json()
    for link in receipt["links"].values():
        theirs = await get(intake, link, **intake.bearer("other"))
        unknown = await get(
            intake,
            link.replace(receipt["submissionId"], str(uuid4())).replace(receipt["caseId"], str(uuid4())),
        )
        malformed = await get(
            intake, link.replace(receipt["submissionId"], "x").replace(receipt["caseId"], "x")
        )
        assert problem_of(theirs) == problem_of(unknown) == problem_of(malformed) == (404, "not-found")
        assert theirs.json().keys() == unknown.json().keys()


async def test_the_feed_goes_on_where_it_was_left(intake: Intake) -> None:
    await intake.submit()
    told = [tell(intake, code) for code in ("received", "routed", "accepted")]
    first = (await get(intake, "/v1/events?after=&limit=2")).json()
    rest = (await get(intake, f"/v1/events?after={first['next']}")).json()
    read = [line["eventId"] for line in first["events"] + rest["events"]]
    assert read == [str(each.event_id) for each in told]
    assert (first["more"], rest["more"]) == (True, False)


async def test_a_cursor_of_a_feed_that_is_gone_says_so(intake: Intake) -> None:
    assert problem_of(await get(intake, "/v1/events?after=old-7")) == (410, "cursor-unknown")


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "after=" + "x" * 65])
async def test_a_query_that_cannot_be_is_refused(intake: Intake, query: str) -> None:
    assert problem_of(await get(intake, f"/v1/events?{query}"))[0] == 422


@pytest.mark.parametrize(
    "path", [f"/v1/submissions/{SOMEBODYS}", f"/v1/cases/{SOMEBODYS}/history", "/v1/events"]
)
async def test_reading_needs_its_scope(intake: Intake, path: str) -> None:
    answer = await get(intake, path, **intake.bearer(scopes=("submissions.write",)))
    assert problem_of(answer) == (403, "scope-missing")


async def test_a_submission_whose_answer_was_lost_is_found_by_reference_or_key(intake: Intake) -> None:
    receipt = (await intake.submit(key='"k 1"')).json()
    for query in ({"clientReference": "antrag-4711"}, {"idempotencyKey": '"k 1"'}):
        answer = await intake.http.get("/v1/submissions", params=query, headers=intake.bearer())
        [found] = answer.json()["submissions"]
        assert found.items() >= receipt.items()
        theirs = await intake.http.get("/v1/submissions", params=query, headers=intake.bearer("other"))
        assert problem_of(theirs) == (404, "not-found")


@pytest.mark.parametrize("query", ["clientReference=nothing", "idempotencyKey=nothing", "clientReference="])
async def test_a_submission_that_was_never_taken_is_not_found(intake: Intake, query: str) -> None:
    await intake.submit()
    answer = await get(intake, f"/v1/submissions?{query}")
    assert problem_of(answer) == (404, "not-found")
    # Whoever searches has no answer to take an id from.
    assert "Idempotency-Key" in answer.json()["resolution"]
    intake.complete.now = False
    assert problem_of(await get(intake, f"/v1/submissions?{query}")) == (503, "unavailable")


@pytest.mark.parametrize("query", ["", "?clientReference=a&idempotencyKey=b"])
async def test_a_search_takes_one_reference(intake: Intake, query: str) -> None:
    assert problem_of(await get(intake, f"/v1/submissions{query}")) == (400, "one-reference")


async def test_every_number_that_people_have_opens_every_route(intake: Intake) -> None:
    receipt = (await intake.submit()).json()
    number = receipt["receiptNumber"]
    spoken = number.lower().replace("-", " ")
    for reference in (number, spoken, receipt["submissionId"], receipt["caseId"], "antrag-4711"):
        submission = await get(intake, f"/v1/submissions/{reference}")
        history = await get(intake, f"/v1/cases/{reference}/history")
        assert submission.json()["receiptNumber"] == number
        assert history.json()["caseId"] == receipt["caseId"]
        theirs = await get(intake, f"/v1/submissions/{reference}", **intake.bearer("other"))
        assert problem_of(theirs) == (404, "not-found")


async def test_a_reference_of_several_submissions_opens_none_and_finds_all(intake: Intake) -> None:
    await intake.submit(key='"1"')
    await intake.submit(key='"2"')
    assert problem_of(await get(intake, "/v1/submissions/antrag-4711")) == (409, "reference-ambiguous")
    found = (await get(intake, "/v1/submissions?clientReference=antrag-4711")).json()
    assert len(found["submissions"]) == 2


async def test_while_receipts_are_not_whole_nothing_is_called_unknown(intake: Intake) -> None:
    receipt = (await intake.submit()).json()
    intake.complete.now = False
    assert problem_of(await get(intake, f"/v1/submissions/{SOMEBODYS}")) == (503, "unavailable")
    assert (await get(intake, receipt["links"]["self"])).status_code == 200
