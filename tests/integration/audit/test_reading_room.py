"""Auditors ask over HTTP: the question is a leaf before the answer is given, and who may not ask is on record."""

import hmac
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import orjson
import pytest

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.encoding import from_base64
from services.audit.domain.evidence import Evidence, verify_evidence
from services.audit.domain.merkle import verify_consistency
from services.audit.domain.note import Note
from services.audit.domain.policy import log_only, open_checkpoint
from services.audit.domain.proof import LogProof, verify_proof
from shared.events.ids import case_id
from tests.integration.audit.conftest import TOKENS, RunningLog
from tests.support.audit import LOG_KEY, SECRECY, fact
from tests.support.audit_story import NUMBER_OF_STORY, STORY

SUBMISSION = UUID("0d9a7d0a-3d0e-4a63-9c0c-000000000001")
CASE = case_id(SUBMISSION)
POLICY = log_only(LOG_KEY.verifier)


def asking(name: str = "rechnungshof", **headers: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {TOKENS[name]}",
        "Amtsweg-Purpose": quote("Prüfung der Laufzeiten"),
        "Amtsweg-Reference": "RH-2026/17",
        **headers,
    }


async def leaves(running: RunningLog, kind: str) -> list[dict[str, Any]]:
    rows = await running.pool.fetch("select leaf from entries where type = $1 order by index", kind)
    return [orjson.loads(row[0]) for row in rows]


def pseudonym(reader: str) -> str:
    return SECRECY.actor(reader, f"{datetime.now(UTC):%Y-%m}")


async def actors(running: RunningLog, kind: str) -> list[str]:
    rows = await running.pool.fetch("select actor_ref from entries where type = $1 order by index", kind)
    return [row[0].hex for row in rows]


async def refusals(running: RunningLog) -> int:
    return len(await leaves(running, "de.amtsweg.LookRefused.v1"))


async def with_a_case(running: RunningLog) -> None:
    await running.append(*(fact(n, case=SECRECY.case(CASE)) for n in (1, 2, 3)), fact(4))
    await running.covered(4)


@pytest.mark.parametrize("reference", [str(CASE), str(SUBMISSION), SECRECY.case(CASE)])
async def test_a_timeline_shows_all_entries_of_a_case_in_order(running: RunningLog, reference: str) -> None:
    await with_a_case(running)
    answer = await running.client.get(f"/v1/cases/{reference}/timeline", headers=asking())
    assert answer.status_code == 200
    document = answer.json()
    assert [e["index"] for e in document["entries"]] == [0, 1, 2]
    assert [e["covered"] for e in document["entries"]] == [True, True, True]
    assert document["case"] == SECRECY.case(CASE)


async def test_what_a_timeline_discloses_opens_the_commitment(running: RunningLog) -> None:
    await with_a_case(running)
    answer = await running.client.get(f"/v1/cases/{CASE}/timeline", headers=asking())
    entry = answer.json()["entries"][1]
    shown = entry["disclosure"]
    opened = hmac.new(bytes.fromhex(shown["salt"]), shown["payload"].encode(), "sha256").hexdigest()
    assert opened == entry["leaf"]["commitment"]
    assert shown["event"] == {"number": 2}
    assert orjson.loads(b64decode(entry["entry"])) == entry["leaf"]


async def test_the_look_is_a_leaf_before_the_answer_is_given(running: RunningLog) -> None:
    await with_a_case(running)
    answer = await running.client.get(f"/v1/cases/{CASE}/timeline", headers=asking())
    (look,) = await leaves(running, "de.amtsweg.Looked.v1")
    assert answer.json()["look"] == 4
    assert look["case"] == SECRECY.case(CASE)
    assert await actors(running, "de.amtsweg.Looked.v1") == [pseudonym("rechnungshof")]
    assert b"Laufzeiten" not in orjson.dumps(look)


async def test_the_next_timeline_shows_that_somebody_looked_before(running: RunningLog) -> None:
    await with_a_case(running)
    await running.client.get(f"/v1/cases/{CASE}/timeline", headers=asking())
    answer = await running.client.get(f"/v1/cases/{CASE}/timeline", headers=asking("datenschutz"))
    looked = answer.json()["entries"][-1]
    assert (looked["leaf"]["type"], looked["withheld"], looked["erased"]) == (
        "de.amtsweg.Looked.v1",
        True,
        False,
    )
    assert "rechnungshof" not in answer.text


async def test_purpose_and_reference_may_be_parameters(running: RunningLog) -> None:
    await with_a_case(running)
    answer = await running.client.get(
        f"/v1/cases/{CASE}/timeline",
        params={"purpose": "Stichprobe", "reference": "1"},
        headers={"Authorization": f"Bearer {TOKENS['rechnungshof']}"},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 401, id="no token"),
        pytest.param({"Authorization": "Bearer of-an-authority"}, 401, id="the token of an authority"),
        pytest.param(asking("spiegel"), 403, id="a token with another right"),
        pytest.param(asking() | {"Amtsweg-Purpose": ""}, 400, id="no purpose"),
        pytest.param(asking() | {"Amtsweg-Purpose": "x"}, 400, id="hardly a purpose"),
        pytest.param(asking() | {"Amtsweg-Reference": ""}, 400, id="no reference"),
    ],
)
async def test_a_look_that_may_not_be_is_refused_and_on_record(
    running: RunningLog, headers: dict[str, str], status: int
) -> None:
    await with_a_case(running)
    answer = await running.client.get(f"/v1/cases/{CASE}/timeline", headers=headers)
    assert (answer.status_code, await refusals(running)) == (status, 1)
    assert answer.headers["content-type"] == "application/problem+json"
    assert await leaves(running, "de.amtsweg.Looked.v1") == []


async def test_an_unknown_case_is_told_apart_and_the_look_stays_on_record(running: RunningLog) -> None:
    await with_a_case(running)
    unknown = UUID(int=7)
    for _ in range(2):
        answer = await running.client.get(f"/v1/cases/{unknown}/timeline", headers=asking())
        assert answer.status_code == 404
    assert len(await leaves(running, "de.amtsweg.Looked.v1")) == 2


async def test_a_malformed_reference_is_refused(running: RunningLog) -> None:
    await with_a_case(running)
    answer = await running.client.get("/v1/cases/%1b%5b8m/timeline", headers=asking())
    assert answer.status_code == 422


async def test_entries_are_found_page_by_page(running: RunningLog) -> None:
    await running.append_numbers(*range(25))
    await running.covered(25)
    found: list[int] = []
    parameters: dict[str, str | int] = {"authority": "g-06531005", "limit": 10}
    while "after" not in parameters or parameters["after"]:
        page = (await running.client.get("/v1/entries", params=parameters, headers=asking())).json()
        found += [entry["index"] for entry in page["entries"]]
        await running.append_numbers(100 + len(found))  # what comes meanwhile is not part of the answer
        parameters["after"] = page.get("next", "")
    assert found == list(range(25))


async def test_a_cursor_of_ones_own_making_is_refused(running: RunningLog) -> None:
    for after in ("7", "AAAA", "_" * 22, "AAAAAAAAAAAAAAAAAAAAAA"):
        answer = await running.client.get("/v1/entries", params={"after": after}, headers=asking())
        assert answer.status_code == 422, after
        assert answer.json()["type"] == "urn:amtsweg:problem:cursor-malformed"
        assert answer.json()["detail"] == "Erwartet wird der Wert von next, unverändert."


@pytest.mark.parametrize(
    "asked", ["type=Routed", "type=de.amtsweg.Nothing.v1", "authority=Fulda", "service=Hund"]
)
async def test_a_question_that_nothing_can_answer_is_refused_and_not_answered_with_nothing(
    running: RunningLog, asked: str
) -> None:
    answer = await running.client.get(f"/v1/entries?{asked}", headers=asking())
    assert answer.status_code == 422
    [fault] = answer.json()["errors"]
    assert fault["at"] == f"query/{asked.partition('=')[0]}"
    assert ("SubmissionRouted" if "type" in asked else "nach dem Muster") in fault["expected"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"case": str(CASE)}, 3),
        ({"authority": "g-06531005"}, 4),
        ({"authority": "g-06531099"}, 0),
        ({"service": "99050012104000", "type": "de.amtsweg.SubmissionRouted.v1"}, 4),
        ({"service": "99050012104000", "type": "SubmissionRouted"}, 4),
        ({"since": "2026-01-12T09:30:00Z", "until": "2026-01-12T09:30:00.001Z"}, 4),
        ({"until": "2026-01-12T09:30:00Z"}, 0),
        ({"correlation": str(UUID(int=3))}, 1),
        ({"correlation": "0af7651916cd43dd8448eb211c80319c"}, 0),
        ({"case": "AW-2026-XXXX-XXXX-XXXX"}, 0),
        ({"looks": "false"}, 4),
    ],
)
async def test_entries_are_found_by_what_stands_in_the_leaf(
    running: RunningLog, parameters: dict[str, str], expected: int
) -> None:
    await with_a_case(running)
    answer = await running.client.get("/v1/entries", params=parameters, headers=asking())
    assert len(answer.json()["entries"]) == expected
    assert all("disclosure" not in entry for entry in answer.json()["entries"])


async def test_an_inclusion_proof_is_a_file_that_verifies_offline(running: RunningLog) -> None:
    await running.append_numbers(*range(300))
    await running.covered(300)
    document = (await running.client.get("/v1/proofs/inclusion", params={"index": 7})).json()
    entry = await running.pool.fetchval("select leaf from entries where index = 7")
    proof = LogProof.from_bytes(document["proof"].encode())
    assert verify_proof(proof, entry, POLICY).size == document["size"] == 300


async def test_a_consistency_proof_links_two_sizes(running: RunningLog) -> None:
    await running.append_numbers(*range(100))
    await running.covered(100)
    before = open_checkpoint((await running.client.get("/log/checkpoint")).content, POLICY)
    await running.append_numbers(*range(100, 300))
    await running.covered(300)
    document = (await running.client.get("/v1/proofs/consistency", params={"old": 100})).json()
    after = Checkpoint.from_text(Note.from_bytes(document["checkpoint"].encode()).text)
    proof = [from_base64(text, "hash") for text in document["hashes"]]
    verify_consistency(old=100, size=300, old_root=before.root, new_root=after.root, proof=proof)


@pytest.mark.parametrize(
    ("path", "parameters"),
    [("inclusion", {"index": 4}), ("consistency", {"old": 5}), ("consistency", {"old": 1, "size": 9})],
)
async def test_no_proof_is_given_beyond_the_published_tree(
    running: RunningLog, path: str, parameters: dict[str, int]
) -> None:
    await running.append_numbers(*range(4))
    await running.covered(4)
    answer = await running.client.get(f"/v1/proofs/{path}", params=parameters)
    assert answer.status_code == 404


async def test_the_files_have_the_headers_of_the_specification(running: RunningLog) -> None:
    await running.append_numbers(*range(300))
    await running.covered(300)
    checkpoint = await running.client.get("/log/checkpoint")
    tile = await running.client.get("/log/tile/0/000")
    partial = await running.client.get("/log/tile/1/000.p/1")
    assert checkpoint.headers["content-type"] == "text/plain; charset=utf-8"
    assert checkpoint.headers["cache-control"] == "no-cache"
    assert tile.headers["content-type"] == "application/octet-stream"
    assert "immutable" in tile.headers["cache-control"]
    assert (len(tile.content), len(partial.content)) == (8192, 32)


async def test_what_is_absent_is_404_exactly(running: RunningLog) -> None:
    await running.append_numbers(*range(256))
    await running.covered(256)
    for tile in ("0/001", "0/000.p/7", "00/000", "0/x000/000", "9/000"):
        answer = await running.client.get(f"/log/tile/{tile}")
        assert (answer.status_code, await refusals(running)) == (404, 0), tile


async def test_a_path_outside_the_log_is_404_and_on_record(running: RunningLog) -> None:
    await running.append_numbers(1)
    await running.covered(1)
    for already, path in enumerate((".state/signed", "", "tile", "checkpoint.old")):
        answer = await running.client.get(f"/log/{path}")
        assert (answer.status_code, await refusals(running)) == (404, already + 1), path


@pytest.mark.parametrize(("name", "status"), [(None, 401), ("spiegel", 200), ("rechnungshof", 200)])
async def test_entries_need_a_token(running: RunningLog, name: str | None, status: int) -> None:
    await running.append_numbers(1)
    await running.covered(1)
    headers = {} if name is None else {"Authorization": f"Bearer {TOKENS[name]}"}
    answer: httpx.Response = await running.client.get("/log/tile/entries/000.p/1", headers=headers)
    assert (answer.status_code, await refusals(running)) == (status, int(status == 401))


async def test_the_evidence_of_a_case_verifies_offline(running: RunningLog) -> None:
    await running.append(*STORY)
    await running.client.get(f"/v1/cases/{SUBMISSION}/timeline", headers=asking())
    await running.covered(len(STORY) + 1)
    answer = await running.client.get(f"/v1/cases/{SUBMISSION}/evidence", headers=asking())
    proven = verify_evidence(Evidence.from_bytes(answer.content), POLICY).entries
    assert [each.index for each in proven] == list(range(len(STORY) + 1))
    assert [each.event is not None for each in proven] == [True] * len(STORY) + [False]


@pytest.mark.parametrize("reference", [NUMBER_OF_STORY, f" {NUMBER_OF_STORY.lower()} "])
async def test_a_case_is_found_by_what_people_call_it(running: RunningLog, reference: str) -> None:
    await running.append(*STORY)
    await running.covered(len(STORY))
    for path in ("timeline", "evidence"):
        answer = await running.client.get(f"/v1/cases/{quote(reference, safe='')}/{path}", headers=asking())
        assert answer.status_code == 200, answer.text
    answer = await running.client.get(
        "/v1/entries", params={"case": reference, "looks": False}, headers=asking()
    )
    assert [each["index"] for each in answer.json()["entries"]] == list(range(len(STORY)))


async def test_a_case_is_found_by_its_trace(running: RunningLog) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    await running.append(replace(STORY[0], tokens=(SECRECY.token("trace", trace),)), *STORY[1:], fact(1))
    await running.covered(len(STORY) + 1)
    answer = await running.client.get("/v1/entries", params={"correlation": trace}, headers=asking())
    assert [each["index"] for each in answer.json()["entries"]] == list(range(len(STORY)))


async def test_a_control_character_is_refused_before_anything_is_recorded(running: RunningLog) -> None:
    for name, character in product(
        ("authority", "service", "type", "case", "actor", "after", "purpose"), "\x00\x1b\n\x7f"
    ):
        answer = await running.client.get("/v1/entries", params={name: f"a{character}b"}, headers=asking())
        assert answer.status_code == 422, (name, character)
    assert await leaves(running, "de.amtsweg.Looked.v1") == []
