"""The clients that docs/authorities.md names read an inbox with the authority's own login, and open what lies there."""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path

import confluent_kafka
import pytest
from joserfc import jwe
from joserfc.jwk import ECKey, JWKRegistry

from amtsweg.stack.service import ServiceProcess
from shared.events.case import CaseAccepted
from shared.events.competence import Place
from shared.events.submission import SubmissionRouted
from shared.events.topics import AUTHORITY_INBOX, CASE_UPDATED, SUBMISSION_ROUTED, authority_group
from tests.integration.router.conftest import Ground
from tests.integration.router.sample_clients import description
from tests.support.foreign_clients import java, java_sample, node, run

AUTHORITY, ALLENDORF = "g-06531008", "g-06531001"
OLDEST = (2, 6, 1)
"""Older ones fail at SCRAM with Kafka 4: librdkafka's issue 4895."""

PAGE = Path(__file__).parents[3] / "docs" / "authorities.md"


def test_the_guide_names_the_oldest_librdkafka_that_comes_in() -> None:
    oldest = ".".join(map(str, OLDEST))
    assert f"librdkafka ab {oldest}" in PAGE.read_text()
    found = tuple(int(part) for part in re.findall(r"\d+", confluent_kafka.libversion()[0])[:3])
    assert found >= OLDEST


async def test_librdkafka_reads_the_inbox_and_joserfc_opens_what_lies_there(
    ground: Ground, router: ServiceProcess
) -> None:
    sent = ground.submission(place=Place(ags=AUTHORITY.removeprefix("g-")), content=b'{"betrieb":"Eisdiele"}')
    await ground.receive(sent)
    value = await asyncio.to_thread(_read, ground, str(sent.case_id))

    key = json.loads(ground.made.keys.of_authority(AUTHORITY, "decryption.jwk").read_bytes())
    algorithms = jwe.JWERegistry(
        algorithms=["ECDH-ES+A256KW", "RSA-OAEP-256", "A256GCM"], strict_check_header=False
    )
    opened = jwe.decrypt_json(json.loads(value)["content"], JWKRegistry.import_key(key), registry=algorithms)
    assert opened.plaintext == b'{"betrieb":"Eisdiele"}'


def with_kafkajs(folder: Path) -> list[str]:
    return [*node(folder), "inbox.mjs"]


def with_java(folder: Path) -> list[str]:
    return java(folder, "Inbox")


@pytest.mark.long
@pytest.mark.parametrize(
    "client", [pytest.param(with_java, id="java"), pytest.param(with_kafkajs, id="kafkajs")]
)
async def test_a_client_of_another_language_reads_the_inbox_and_opens_what_lies_there(
    ground: Ground, router: ServiceProcess, client: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    small, large = '{"betrieb":"Café"}', json.dumps({"anlage": "x" * 900_000})
    command = await asyncio.to_thread(client, tmp_path)
    for content in (large, small):
        sent = ground.submission(place=Place(ags=AUTHORITY.removeprefix("g-")), content=content.encode())
        await ground.receive(sent)
        login = ground.login(f"authority.{AUTHORITY}")
        task = {
            "bootstrap": login.bootstrap,
            "securityProtocol": login.security_protocol,
            "username": login.username,
            "password": login.password,
            "group": f"{authority_group(AUTHORITY)}.matrix.{sent.case_id}",
            "topic": AUTHORITY_INBOX.for_authority(AUTHORITY),
            "case": str(sent.case_id),
            "key": json.loads(ground.made.keys.of_authority(AUTHORITY, "decryption.jwk").read_bytes()),
        }
        (tmp_path / "task.json").write_text(json.dumps(task))

        told = await asyncio.to_thread(run, [*command, "task.json"], within=tmp_path)

        assert told.strip().splitlines()[-1] == content


@pytest.mark.long
@pytest.mark.parametrize("changing", [False, True], ids=["one key", "two keys, while the authority changes"])
async def test_the_sample_in_java_opens_a_case_accepts_and_confirms_it(
    ground: Ground,
    intake: ServiceProcess,
    doors: ServiceProcess,
    tmp_path: Path,
    changing: bool,  # noqa: FBT001 - by parametrize
) -> None:
    command = await asyncio.to_thread(java_sample, tmp_path)
    access = description(ground, [ALLENDORF], intake=intake, doors=doors, folder=tmp_path)
    if changing:
        _holds_a_newer_key_too(access)
    sent = ground.submission(place=Place(ags=ALLENDORF.removeprefix("g-")), content=b'{"betrieb":"Eisdiele"}')
    await ground.receive(sent)
    await ground.until(SUBMISSION_ROUTED.name, sent.case_id, SubmissionRouted)

    told = await asyncio.to_thread(run, [*command, str(access), ALLENDORF], within=tmp_path)

    assert told.splitlines()[0] == '{"betrieb":"Eisdiele"}'
    await ground.until(CASE_UPDATED.name, sent.case_id, CaseAccepted)


def _holds_a_newer_key_too(access: Path) -> None:
    """The key file becomes a set: the next key, to which nothing is sealed yet, before the present one."""
    document = json.loads(access.read_bytes())
    held = document["authorities"][ALLENDORF]
    newer = ECKey.generate_key("P-256", {"kid": "next", "alg": "ECDH-ES+A256KW", "use": "enc"})
    present = json.loads(Path(held["decryptionKeyFile"]).read_bytes())
    both = access.with_name("both.jwk")
    both.write_text(json.dumps({"keys": [newer.as_dict(private=True), present]}))
    held["decryptionKeyFile"] = str(both)
    access.write_text(json.dumps(document))


def _read(ground: Ground, case: str) -> bytes:
    login = ground.login(f"authority.{AUTHORITY}")
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": login.bootstrap,
            "security.protocol": login.security_protocol,
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": login.username,
            "sasl.password": login.password,
            "group.id": f"{authority_group(AUTHORITY)}.matrix",
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
    )
    consumer.subscribe([AUTHORITY_INBOX.for_authority(AUTHORITY)])
    try:
        for _ in range(120):
            record = consumer.poll(1)
            if record is None or record.error() is not None:
                continue
            if dict(record.headers() or ())["ce_caseid"] == case.encode():
                return bytes(record.value() or b"")
        pytest.fail("the case did not come within two minutes")
    finally:
        consumer.close()
