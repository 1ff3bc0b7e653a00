"""A sample authority: takes cases from its inbox, files them, confirms each and decides it. Made to be copied.

Kafka delivers at least once, so everything here can be repeated without a second effect: a case is filed
under its own name, and an answer's id follows from the case, which the router recognises.
"""

import argparse
import asyncio
import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.security import SASLScram512
from joserfc import jwe
from joserfc.jwk import JWKRegistry, Key

RETRY_SECONDS = 5
LARGEST_BYTES = 4 * 1024 * 1024
log = logging.getLogger("authority")


class Sealing(jwe.JWERegistry):
    """What content may be sealed with. The library's own limit is 64 KB; a case may be larger."""

    max_ciphertext_length = LARGEST_BYTES


SEALING = Sealing(algorithms=["ECDH-ES+A256KW", "RSA-OAEP-256", "A256GCM"], strict_check_header=False)


def serve(authority: str, *, kafka: dict[str, str], access: dict[str, str], folder: Path) -> KafkaBroker:
    """Connect one authority's inbox and outbox; its login opens nothing else."""
    broker = KafkaBroker(
        kafka["bootstrap"],
        security=SASLScram512(
            username=access["username"],
            password=access["password"],
            use_ssl=kafka["securityProtocol"] == "SASL_SSL",
        ),
        acks="all",
        enable_idempotence=True,
        logger=None,
    )
    key = JWKRegistry.import_key(json.loads(Path(access["decryptionKeyFile"]).read_text()))

    @broker.subscriber(
        access["inboxTopic"],
        group_id=access["group"],
        auto_offset_reset="earliest",
        isolation_level="read_committed",  # what the router has taken back is never seen
        ack_policy=AckPolicy.NACK_ON_ERROR,  # the default acknowledges before the work is done
        max_partition_fetch_bytes=LARGEST_BYTES,
    )
    async def take(message: KafkaMessage) -> None:
        try:
            submission = message.headers["ce_submissionid"]
            file(open_case(message.body, key, submission), folder / authority / f"{submission}.json")
            number = f"AZ-{submission[:8]}"
            await answer(message, {"kind": "accepted", "fileNumber": number})
            await answer(message, {"kind": "decided", "fileNumber": number, "outcome": "granted"})
            log.info("%s: case %s decided", authority, message.headers["ce_caseid"])
        except Exception as error:
            log.warning("%s: %s; trying again in %d s", authority, type(error).__name__, RETRY_SECONDS)
            await asyncio.sleep(RETRY_SECONDS)
            raise

    async def answer(about: KafkaMessage, given: dict[str, str]) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        case = about.headers["ce_caseid"]
        await broker.publish(
            json.dumps(given | {"givenAt": now}).encode(),
            topic=access["outboxTopic"],
            key=case.encode(),
            headers={
                "ce_specversion": "1.0",
                "ce_id": f"{case}:{given['kind']}",
                "ce_source": f"authority/{authority}",
                "ce_type": "de.amtsweg.AnswerGiven.v1",
                "ce_time": now,
                "ce_caseid": case,
                "ce_submissionid": about.headers["ce_submissionid"],
                "content-type": "application/json",
            },
        )

    return broker


def open_case(delivered: bytes, key: Key, submission: str) -> dict[str, Any]:
    """The case with its content decrypted; what was sealed for another submission is not ours to file."""
    case: dict[str, Any] = json.loads(delivered)
    opened = jwe.decrypt_json(case.pop("content"), key, registry=SEALING)
    if opened.protected["submissionId"] != submission:
        raise ValueError("the content belongs to another submission")
    return case | {"content": json.loads(opened.plaintext or b"null")}


def file(case: dict[str, Any], path: Path) -> None:
    """Where your own procedure begins. Whole or not at all, and the second time is as the first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(case, ensure_ascii=False, indent=2))
    part.replace(path)


async def run(description: dict[str, Any], authorities: list[str], folder: Path) -> None:
    brokers = [
        serve(a, kafka=description["kafka"], access=description["authorities"][a], folder=folder)
        for a in authorities
    ]
    await asyncio.gather(*(broker.start() for broker in brokers))
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.gather(*(broker.stop() for broker in brokers))


def main() -> None:
    parser = argparse.ArgumentParser(description="Take cases from the inbox, confirm and decide them.")
    parser.add_argument("description", type=Path, help="JSON with kafka and authorities, see README.md")
    parser.add_argument("authority", nargs="*", help="which of them to serve; without a name: all")
    parser.add_argument("--folder", type=Path, default=Path("eingang"), help="where cases are filed")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    description = json.loads(given.description.read_text())
    wanted = given.authority or list(description["authorities"])
    asyncio.run(run(description, wanted, given.folder))


if __name__ == "__main__":
    main()
