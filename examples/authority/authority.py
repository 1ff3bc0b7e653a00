"""A sample authority: takes cases from its inbox, files them, answers them. Made to be copied, with its two neighbours.

Kafka delivers at least once, so everything here can be repeated without a second effect: a case is filed
under its own name, and an answer's id follows from the case, which the platform recognises. What it answers stands in
`procedure.py`, how parts are sealed in `sealing.py`.
"""

import argparse
import asyncio
import io
import json
import logging
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.security import SASLScram512
from joserfc.jwk import KeySet
from procedure import (
    CHECK,
    Answer,
    answer,
    answers_to,
    answers_to_silence,
    answers_to_supplement,
    check_report,
)
from sealing import LARGEST_BYTES, open_content, own_keys

ATTEMPTS = 3
RETRY_SECONDS = 5.0
TOKEN_SECONDS = 240
SUBMISSION = "de.amtsweg.SubmissionDelivered.v1"
"""Header ``ce_type`` of a new submission; other records are about cases that you have."""
SUPPLEMENT = "de.amtsweg.SupplementDelivered.v1"
SILENCE = "de.amtsweg.CaseDeemedApproved.v1"
DONE_BEFORE = ("already-accepted", "already-decided")
"""Refusals after which nothing is left to do: the same was said in an answer to another record of this case."""

log = logging.getLogger("authority")


class Refused(Exception):  # noqa: N818 - what the platform says
    """An answer that the platform does not take; sent again, it would not be taken either. ``type`` says why."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        try:
            self.type = str(json.loads(problem)["type"])
        except (ValueError, KeyError, TypeError):
            self.type = ""


class Answers:
    """Gives answers over HTTP. Sent again, an answer is the same: so it is sent until it is taken or refused."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        urls: dict[str, str],
        access: dict[str, str],
        pause: float = RETRY_SECONDS,
    ) -> None:
        self._http = http
        self._urls = urls
        self._login = (access["clientId"], access["secret"])
        self._pause = pause
        self._token, self._until = "", 0.0

    async def give(self, headers: dict[str, str], given: Answer) -> dict[str, Any]:
        """Answer the record with these headers; return what the platform says when it has the answer.

        Raises:
            Refused: it has no effect; the text says why, and what to do.
        """
        # Not of the case alone: one that has been handed on may come back, and wants its answers anew.
        names = {"id": f"{headers['ce_id']}:{given.own_id}", "caseId": headers["ce_caseid"]}
        body = given.body | names
        while (told := await self._tried(body)) is None or _later(told):
            log.info("answer %s not taken yet, trying again", body["id"])
            await asyncio.sleep(self._pause)
        if told.is_error:
            raise Refused(told.text)
        receipt: dict[str, Any] = told.json()
        return receipt

    async def _tried(self, body: dict[str, Any]) -> httpx.Response | None:
        try:
            return await self._post(body)
        except httpx.TransportError:
            return None  # it may have arrived; sent again, it is the same

    async def _post(self, body: dict[str, Any]) -> httpx.Response:
        if time.monotonic() > self._until:
            form = {"grant_type": "client_credentials", "scope": "answers.write"}
            asked = await self._http.post(f"{self._urls['intake']}/token", data=form, auth=self._login)
            if not asked.is_success:
                return asked
            self._token, self._until = asked.json()["access_token"], time.monotonic() + TOKEN_SECONDS
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = await self._http.post(f"{self._urls['router']}/v1/answers", json=body, headers=headers)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._until = 0.0
        return answer


def _later(answer: httpx.Response) -> bool:
    """Whether the same answer may be taken some seconds later; a refusal says what is wrong with it instead."""
    return answer.is_server_error or "retry-after" in answer.headers


def serve(
    authority: str, *, kafka: dict[str, str], access: dict[str, str], answers: Answers, folder: Path
) -> KafkaBroker:
    """Connect one authority's inbox; its login opens nothing else."""
    broker = KafkaBroker(
        kafka["bootstrap"],
        security=SASLScram512(
            username=access["username"],
            password=access["password"],
            use_ssl=kafka["securityProtocol"] == "SASL_SSL",
        ),
        logger=None,
    )
    keys = own_keys(json.loads(Path(access["decryptionKeyFile"]).read_bytes()))

    @broker.subscriber(
        access["inboxTopic"],
        group_id=access["group"],
        auto_offset_reset="earliest",
        isolation_level="read_committed",  # what the router has taken back is never seen
        ack_policy=AckPolicy.NACK_ON_ERROR,  # the default acknowledges before the work is done
        max_partition_fetch_bytes=LARGEST_BYTES,
    )
    async def take(message: KafkaMessage) -> None:
        await settle(message, keys=keys, answers=answers, folder=folder / authority)

    return broker


async def settle(
    message: KafkaMessage, *, keys: KeySet, answers: Answers, folder: Path, pause: float = RETRY_SECONDS
) -> None:
    """Handle the case, in three attempts at most; then it is laid aside, so that the next one need not wait."""
    attempt = 0
    while attempt < ATTEMPTS:
        attempt += 1
        try:
            await handle(message, keys=keys, answers=answers, folder=folder)
        except Refused as refused:
            log.warning("%s: refused: %s", folder.name, refused)
            break
        except Exception as error:  # noqa: BLE001 - whatever it is, the next case must not wait for ever
            log.warning("%s: attempt %d of %d: %s", folder.name, attempt, ATTEMPTS, type(error).__name__)
            await asyncio.sleep(pause if attempt < ATTEMPTS else 0)
        else:
            return
    lay_aside(message, folder, attempts=attempt)


async def handle(message: KafkaMessage, *, keys: KeySet, answers: Answers, folder: Path) -> None:
    """File what came and answer it. Here your own procedure begins, see `procedure.py`."""
    submission, case = message.headers["ce_submissionid"], message.headers["ce_caseid"]
    kind = message.headers.get("ce_type", SUBMISSION)
    path = folder / f"{submission}.json"
    if kind == SUBMISSION:
        file(opened := open_case(message.body, keys, submission), path)
        if is_check(opened):
            await take_the_check(opened, message.headers, answers)
        else:
            await give_all(answers_to(opened), message.headers, answers)
    elif kind == SUPPLEMENT:  # it has a submission id of its own, and is filed beside its case
        file(opened := open_case(message.body, keys, submission), path)
        await give_all(answers_to_supplement(opened), message.headers, answers)
    elif kind == SILENCE:
        await give_all(answers_to_silence(json.loads(path.read_bytes())), message.headers, answers)
    # Of the rest (a period ends, the case is over) note is taken.
    log.info("%s: case %s: %s", folder.name, case, kind)


async def give_all(given: Iterable[Answer], headers: dict[str, str], answers: Answers) -> None:
    """One after the other; the second time each is known by its id."""
    for each in given:
        try:
            await answers.give(headers, each)
        except Refused as refused:
            if not refused.type.endswith(DONE_BEFORE):
                raise
            log.info("case %s: %s", headers["ce_caseid"], refused)


def is_check(case: dict[str, Any]) -> bool:
    """Whether this is a test submission of `amtsweg authority check`: nobody applies for anything."""
    return isinstance(case["content"], dict) and CHECK in case["content"]


async def take_the_check(case: dict[str, Any], headers: dict[str, str], answers: Answers) -> None:
    """What the check wants to see: the word back, an answer repeated, a refusal understood, information asked for."""
    keys = case["answerKeys"]
    accepted = answer("accepted", keys, content={"text": case["content"][CHECK]["word"]})
    told = [await answers.give(headers, accepted) for _ in range(2)]
    try:
        invented = headers | {"ce_caseid": str(uuid4())}
        await answers.give(invented, accepted._replace(own_id="invented-case"))
        refused = ""
    except Refused as no:
        refused = no.type
    report = check_report([each["answerId"] for each in told], refused)
    missing = {"missing": ["Die Nachreichung der Prüfung"]}
    asked = answer("information-requested", keys, items=1, content=missing | {"text": report}, notice=missing)
    await answers.give(headers, asked)


def open_case(delivered: bytes, keys: KeySet, submission: str) -> dict[str, Any]:
    """The case with its content decrypted."""
    case: dict[str, Any] = json.loads(delivered)
    return case | {"content": open_content(case.pop("content"), keys, submission)}


def file(case: dict[str, Any], path: Path) -> None:
    """Keep a case. Whole or not at all, and the second time is as the first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(case, ensure_ascii=False, indent=2), encoding="utf-8")
    part.replace(path)


def lay_aside(message: KafkaMessage, folder: Path, *, attempts: int) -> None:
    """What cannot be handled is kept as it came, for a person to look at; the inbox goes on."""
    headers = {str(name): str(value) for name, value in message.headers.items()}
    path = folder / "beiseite" / f"{headers.get('ce_id', 'ohne-kennung')}.json"
    file({"headers": headers, "value": message.body.decode(errors="replace")}, path)
    log.error("%s: laid aside, attempts made: %d: %s", folder.name, attempts, path)


def laid_aside(folder: Path) -> list[Path]:
    """What lies aside, of all authorities."""
    return sorted(folder.glob("*/beiseite/*.json"))


async def run(description: dict[str, Any], authorities: list[str], folder: Path) -> None:
    async with httpx.AsyncClient(timeout=30) as http:
        brokers = [
            serve(
                a,
                kafka=description["kafka"],
                access=description["authorities"][a],
                answers=Answers(http, urls=description["urls"], access=description["authorities"][a]),
                folder=folder,
            )
            for a in authorities
        ]
        await asyncio.gather(*(broker.start() for broker in brokers))
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.gather(*(broker.stop() for broker in brokers))


def main() -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):  # a screen without a letter shows its number instead
        sys.stdout.reconfigure(errors="backslashreplace")
    parser = argparse.ArgumentParser(description="Take cases from the inbox, file and answer them.")
    parser.add_argument("description", type=Path, help="JSON with urls, kafka and authorities, see README.md")
    parser.add_argument("authority", nargs="*", help="which of them to serve; without a name: all")
    parser.add_argument("--folder", type=Path, default=Path("eingang"), help="where cases are filed")
    parser.add_argument("--laid-aside", action="store_true", help="show what could not be handled, and end")
    given = parser.parse_args()
    if given.laid_aside:
        print(*laid_aside(given.folder) or ["Nichts liegt beiseite."], sep="\n")
        return
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        description = json.loads(given.description.read_bytes())
    except OSError as error:
        parser.error(f"{given.description}: {error.strerror}")
    known = list(description["authorities"])
    if unknown := sorted(set(given.authority) - set(known)):
        parser.error(f"{', '.join(unknown)}: not in {given.description}; for example {known[0]} is")
    wanted = given.authority or known
    asyncio.run(run(description, wanted, given.folder))


if __name__ == "__main__":
    main()
