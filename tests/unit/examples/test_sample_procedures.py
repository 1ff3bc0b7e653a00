"""Both sample authorities give every kind of answer, alike, and sealed as the platform expects it."""

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from joserfc import jwe
from joserfc.jwk import ECKey, OKPKey, RSAKey

from services.intake.adapters.jwt import JwtAssertions
from services.intake.domain.client import Assertion, read_assertion
from services.router.domain.cases.answer_keys import names_of
from services.router.domain.cases.sealed_parts import fault_of_parts
from shared.crypto.jwe import RecipientKey, seal
from shared.crypto.key_strength import is_sealing_point
from shared.events.case import AnswerGiven, AnswerKind
from shared.events.ids import submission_id
from shared.events.sealed_answer import AnswerContent, AnswerKeys, AnswerNotice
from tests.support.sample_authority import FOLDER, load_sample

pytestmark = pytest.mark.slow

NODE = shutil.which("node")
SUBMISSION = submission_id("verwaltungsportal", "beispiel")
CLIENT: list[Any] = [
    ECKey.generate_key("P-256", {"kid": "ec"}),
    ECKey.generate_key("P-384", {"kid": "ec-384"}),
    OKPKey.generate_key("X25519", {"kid": "okp"}),
    RSAKey.generate_key(3072, {"kid": "rsa"}),
]
NOTIFIER: list[Any] = [ECKey.generate_key("P-256", {"kid": "notifier"})]
Json = dict[str, Any]

CONTENTS: dict[str, tuple[Json, list[str]]] = {
    "nothing special": ({}, ["accepted", "decided"]),
    "refused": ({"ablehnen": True}, ["accepted", "decided"]),
    "missing": ({"fehlt": ["Mietvertrag", "Unterschrift"]}, ["accepted", "information-requested"]),
    "difficult": ({"schwierig": True, "unlesbar": True}, ["accepted", "extended", "unreadable", "decided"]),
    "another's": ({"fuer": "g-06531008"}, ["forwarded"]),
    "its own after all": ({"fuer": "g-06531005"}, ["accepted", "decided"]),
    "nobody's": ({"irrlaeufer": True}, ["returned"]),
}


def case(content: Json) -> Json:
    public = [[each.as_dict(private=False) for each in keys] for keys in (CLIENT, NOTIFIER)]
    return {
        "authority": "g-06531005",
        "receipt": {"receiptNumber": "AW-2026-7K3M-9QRT-X4PE"},
        "content": content,
        "answerKeys": {
            "submissionId": str(SUBMISSION),
            "client": {"keys": public[0]},
            "notifier": {"keys": public[1]},
        },
    }


def asked() -> list[tuple[str, Json]]:
    """Every way to answer, with every content."""
    return [
        *(("answers_to", case(content)) for content, _ in CONTENTS.values()),
        ("answers_to_supplement", case({})),
        ("answers_to_supplement", case({"amtswegCheck": {"word": "zwei"}})),
        ("answers_to_silence", case({})),
    ]


def python_answers() -> list[list[Json]]:
    procedure = load_sample("procedure")
    return [[each.body for each in getattr(procedure, way)(given)] for way, given in asked()]


def node_answers() -> list[list[Json]]:
    program = """
        const procedure = await import(process.argv[2]);
        const found = [];
        let input = "";
        for await (const part of process.stdin) input += part;
        for (const [way, given] of JSON.parse(input)) {
          const answers = [];
          const name = way.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
          for await (const each of procedure[name](given)) answers.push(each.body);
          found.push(answers);
        }
        console.log(JSON.stringify(found));
    """
    found: list[list[Json]] = json.loads(in_node(program, FOLDER / "procedure.mjs", given=asked()))
    return found


def in_node(program: str, *arguments: object, given: object = None) -> str:
    if NODE is None:
        pytest.skip("this machine has no Node")
    ran = subprocess.run(
        [NODE, "--input-type=module", "-e", program, "test", *map(str, arguments)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module", params=[python_answers, node_answers], ids=["python", "node"])
def answers(request: pytest.FixtureRequest) -> list[list[Json]]:
    found: list[list[Json]] = request.param()
    return found


def plaintext(part: Json, key: Any) -> Json:
    own = [each for each in part["recipients"] if each["header"]["kid"] == key.kid]
    registry = jwe.JWERegistry(
        algorithms=["ECDH-ES+A256KW", "RSA-OAEP-256", "A256GCM"], strict_check_header=False
    )
    sealed: Any = part | {"recipients": own}
    document: Json = json.loads(jwe.decrypt_json(sealed, key, registry=registry).plaintext or b"")
    return document


def test_every_kind_of_answer_occurs_and_each_content_has_its_answers(answers: list[list[Json]]) -> None:
    kinds = [[each["kind"] for each in given] for given in answers]

    assert kinds[: len(CONTENTS)] == [expected for _, expected in CONTENTS.values()]
    assert {kind for given in kinds for kind in given} == set(get_args(AnswerKind))


def test_each_answer_is_as_the_door_expects_it_with_parts_that_every_key_opens(
    answers: list[list[Json]],
) -> None:
    named = names_of(AnswerKeys.model_validate_json(json.dumps(case({})["answerKeys"]), extra="ignore"))
    for each in (each for given in answers for each in given):
        given = AnswerGiven.model_validate(each)
        assert fault_of_parts(given, submission_id=SUBMISSION, named=named, is_point=is_sealing_point) is None
        if "content" in each:
            for key in CLIENT:
                AnswerContent.model_validate(plaintext(each["content"], key))
        if "notice" in each:
            AnswerNotice.model_validate(plaintext(each["notice"], NOTIFIER[0]))


def test_a_decision_encloses_its_document_and_a_supplement_that_is_a_test_gives_the_word_back(
    answers: list[list[Json]],
) -> None:
    (ordinary,), (check,), (certified,) = answers[-3:]

    assert plaintext(check["content"], CLIENT[0])["text"] == "zwei"
    assert plaintext(certified["content"], CLIENT[0])["documents"]
    told, noticed = plaintext(ordinary["content"], CLIENT[0]), plaintext(ordinary["notice"], NOTIFIER[0])
    assert told["documents"][0]["name"] == noticed["documents"][0]["name"]


def test_node_opens_what_is_sealed_to_it_as_it_was_written_and_nothing_of_another_submission(
    tmp_path: Path,
) -> None:
    own = ECKey.generate_key("P-256", {"kid": "own"}).as_dict(private=True)
    content = '{"zahl": 9007199254740993123, "text": "Straße"}'
    sealed = json.loads(
        seal(
            content.encode(),
            key=RecipientKey(own),
            submission_id=SUBMISSION,
            purpose="content",
            content_type="application/json",
        )
    )
    program = """
        const { openContent } = await import(process.argv[2]);
        let input = "";
        for await (const part of process.stdin) input += part;
        const { sealed, own, submission } = JSON.parse(input);
        const refused = await openContent(sealed, [own], "another").then(() => "opened", error => error.message);
        const strange = await openContent(sealed, [{ ...own, kid: "x" }], submission).then(() => "opened", error => error.message);
        console.log(JSON.stringify([await openContent(sealed, [own], submission), refused, strange]));
    """
    given = {"sealed": sealed, "own": own, "submission": str(SUBMISSION)}

    opened, refused, strange = json.loads(in_node(program, FOLDER / "sealing.mjs", given=given))

    assert opened == content
    assert "another submission" in refused
    assert "none of our keys" in strange


def test_node_proves_itself_with_its_key_as_the_token_door_expects_it(tmp_path: Path) -> None:
    key = ECKey.generate_key("P-256", {"kid": "client-1"}).as_dict(private=True)
    (tmp_path / "client.jwk").write_text(json.dumps(key))
    program = """
        const { shown } = await import(process.argv[2]);
        const proof = await shown({ clientId: "g-06531005", clientKeyFile: process.argv[3] }, "https://eingang.example");
        console.log(JSON.stringify(proof));
    """

    proof = json.loads(in_node(program, FOLDER / "authority.mjs", tmp_path / "client.jwk"))

    assertions = JwtAssertions()
    claimed = assertions.claimed(proof["client_assertion"])
    assert claimed is not None
    read = read_assertion(*claimed, issuer="https://eingang.example", now=datetime.now(UTC))
    assert isinstance(read, Assertion)
    assert read.client_id == "g-06531005"
    assert assertions.verifies(
        proof["client_assertion"], key={name: value for name, value in key.items() if name != "d"}
    )
