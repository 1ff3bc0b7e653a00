"""The clearing desk and the dead letters, as an operator uses them: by command, with the operator's own login."""

import asyncio
import hashlib
import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition as AdminPartition
from typer import Typer
from typer.testing import CliRunner, Result

from amtsweg import dead_letters, parked
from amtsweg.directory import proposals
from amtsweg.directory.proposal import Proposal as Change
from amtsweg.directory.proposal import Tables
from amtsweg.stack.provision.grants import operator_login
from services.router.domain.directory.tables import BrokenDirectory
from shared.events.competence import Inquiry, Place
from shared.events.envelope import Event, Message, encode
from shared.events.submission import (
    SubmissionDelivered,
    SubmissionParked,
    SubmissionReceived,
    SubmissionRouted,
)
from shared.events.topic_names import sealed_dead_letter_topic
from shared.events.topics import AUTHORITY_INBOX, SUBMISSION_RECEIVED, SUBMISSION_ROUTED, OperatorDuty
from shared.kafka.dead_letters import is_letter, letter_name, origin, place_of
from shared.kafka.records import Record
from tests.integration.router.conftest import Ground, running
from tests.support.events import GIESSEN
from tests.support.routing import HESSEN, resolve
from tests.support.stack import unique

NOWHERE = Place(plz="99999")
INBOX = AUTHORITY_INBOX.for_authority(GIESSEN)

pytestmark = pytest.mark.usefixtures("router")


@pytest.fixture(autouse=True)
def operator(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Kafka is and the passwords of the operators' logins, as an installation sets them."""
    for name, value in {
        "BOOTSTRAP": ground.kafka.endpoint.bootstrap,
        "SECURITY_PROTOCOL": ground.kafka.endpoint.security_protocol,
        "PASSWORD_FILE": str(ground.made.keys.of("{login}", "kafka-password")),
    }.items():
        monkeypatch.setenv(f"AMTSWEG_KAFKA__{name}", value)
    monkeypatch.setenv("COLUMNS", "250")


async def run(commands: Typer, *arguments: str) -> Result:
    """Run a command with the login for its duty."""
    duty: OperatorDuty = "operations" if commands is dead_letters.commands else "desk"
    login = operator_login(duty)
    password_file = os.environ["AMTSWEG_KAFKA__PASSWORD_FILE"].replace("{login}", login)
    told = {"AMTSWEG_KAFKA__USERNAME": login, "AMTSWEG_KAFKA__PASSWORD_FILE": password_file}
    return await asyncio.to_thread(CliRunner().invoke, commands, arguments, env=told)


async def parked_submission(ground: Ground) -> Event[SubmissionReceived]:
    received = ground.submission(place=NOWHERE, content=b'{"name":"Erika Mustermann"}')
    await ground.receive(received)
    await ground.until(SUBMISSION_ROUTED.name, received.case_id, SubmissionParked)
    return received


async def test_a_parked_case_is_listed_and_shown_with_its_reason(ground: Ground) -> None:
    received = await parked_submission(ground)
    number = received.data.receipt.receipt_number

    listed = await run(parked.commands, "list")
    shown = await run(parked.commands, "show", number)

    assert listed.exit_code == shown.exit_code == 0
    assert number in listed.stdout
    assert "Ort außerhalb des Landes" in listed.stdout
    assert "Der Ort liegt nicht in Hessen." in shown.stdout
    assert str(received.case_id) in shown.stdout


async def test_a_parked_case_is_assigned_and_goes_on_with_its_original_receipt(ground: Ground) -> None:
    received = await parked_submission(ground)
    number = received.data.receipt.receipt_number

    assigned = await run(parked.commands, "assign", number, "--to", GIESSEN, "--reason", "Standort geklärt")

    assert (assigned.exit_code, assigned.stdout) == (
        0,
        f"{number} liegt jetzt bei Magistrat der Stadt Gießen ({GIESSEN}).\n",
    )
    delivered = await ground.until(INBOX, received.case_id, SubmissionDelivered, partitions=1)
    assert isinstance(delivered.data, SubmissionDelivered)
    assert delivered.data.receipt == received.data.receipt
    assert delivered.data.assignment is not None
    assert delivered.data.assignment.reason == "Standort geklärt"
    opened = ground.opened(delivered.data.content, authority=GIESSEN, submission_id=received.submission_id)
    assert b"Mustermann" in opened
    again = await run(parked.commands, "assign", number, "--to", GIESSEN, "--reason", "noch einmal")
    assert again.exit_code == 1
    assert (
        f"ist nicht mehr geparkt; der Vorgang liegt bei Magistrat der Stadt Gießen ({GIESSEN})"
        in again.stderr
    )


async def test_a_retry_that_changes_nothing_says_so(ground: Ground) -> None:
    received = await parked_submission(ground)
    number = received.data.receipt.receipt_number

    retried = await run(parked.commands, "retry", number)

    assert (retried.exit_code, retried.stdout) == (1, f"{number} bleibt geparkt: Ort außerhalb des Landes.\n")


async def test_an_assignment_to_nobody_is_refused_and_the_case_stays_parked(ground: Ground) -> None:
    received = await parked_submission(ground)
    number = received.data.receipt.receipt_number

    refused = await run(parked.commands, "assign", number, "--to", "g-99999999", "--reason", "?")

    assert refused.exit_code == 1
    assert "Diese Stelle gibt es heute nicht" in refused.stderr
    assert number in (await run(parked.commands, "list")).stdout


async def test_an_assignment_leaves_a_proposal_behind_and_a_draft_that_a_person_completes(
    ground: Ground, tmp_path: Path
) -> None:
    received = await parked_submission(ground)
    number = received.data.receipt.receipt_number
    await run(parked.commands, "assign", number, "--to", GIESSEN, "--reason", "Standort geklärt")

    listed = await run(proposals.commands, "list", "--json")
    found = [
        proposal
        for proposal in map(json.loads, listed.stdout.splitlines())
        if str(received.case_id) in {each["case"] for each in proposal["assignments"]}
    ]
    draft = tmp_path / "entwurf"
    shown = await run(proposals.commands, "show", found[0]["id"], "--output", str(draft))

    assert (listed.exit_code, shown.exit_code, len(found)) == (0, 0, 1)
    assert (found[0]["authority"], found[0]["place"]) == (GIESSEN, {"plz": "99999"})
    assert found[0]["assignments"][-1]["reason"] == "Standort geklärt"
    assert json.loads(shown.stdout)["change"] == {"postcodes": ["99999,06531005,listed,no,,"]}
    base = Tables.of_folder(HESSEN)
    with pytest.raises(BrokenDirectory, match="other_land"):
        Change.of_folder(draft, parent=None).over(base).directory()
    lines = (draft / "postcodes.csv").read_text().replace("listed,no,,\n", "listed,no,no,\n")
    (draft / "postcodes.csv").write_text(lines)
    completed = Change.of_folder(draft, parent=None).over(base).directory()
    asked = Inquiry(service=received.data.receipt.service, place=NOWHERE, on=date(2026, 3, 1))
    assert resolve(asked, directory=completed).authority == GIESSEN


async def test_an_undecodable_record_lies_in_the_dead_letter_and_the_rest_flows_on(ground: Ground) -> None:
    before, after = ground.submission(), ground.submission()
    broken = undecodable(before)

    await ground.send(
        encode(before, SUBMISSION_RECEIVED.name), broken, encode(after, SUBMISSION_RECEIVED.name)
    )

    for received in (before, after):
        await ground.until(SUBMISSION_ROUTED.name, received.case_id, SubmissionRouted)
    name, letter = await dead(ground, broken)
    assert (letter.key, letter.value) == (broken.key, None)  # a pointer: what is sealed has no copy here
    assert origin(letter.headers).digest == hashlib.sha256(broken.value or b"").hexdigest()
    assert set(broken.headers) <= set(letter.headers)
    listed = await run(dead_letters.commands, "list")
    shown = await run(dead_letters.commands, "show", name)
    assert name in listed.stdout
    assert "SubmissionReceived: kein gültiges JSON dieser Art" in shown.stdout
    assert "Mustermann" not in shown.stdout


async def test_a_router_starts_after_a_dead_letter(ground: Ground) -> None:
    broken = undecodable(ground.submission())
    await ground.send(broken)
    await dead(ground, broken)
    with running(ground.router(instance=1)) as second:
        assert second.ready()


@pytest.mark.long
async def test_a_replay_reports_what_became_of_it_and_a_letter_given_up_is_settled(ground: Ground) -> None:
    broken = undecodable(ground.submission())
    await ground.send(broken)
    name, letter = await dead(ground, broken)
    (record,) = [r for r in await ground.records(SUBMISSION_RECEIVED.name) if r.value == broken.value]
    place = f"router:{place_of(record)}"  # as it is known when the letter has expired

    again = await run(dead_letters.commands, "replay", name)
    listed = await run(dead_letters.commands, "list")
    closed = await run(dead_letters.commands, "close", place, "--reason", "beyond-repair")
    by_case = await run(
        dead_letters.commands,
        "close",
        "--case",
        (record.key or b"").decode(),
        "--group",
        "router",
        "--reason",
        "expired",
    )

    assert again.exit_code == 1
    assert again.stdout.startswith(f"{name}: wieder gescheitert, bleibt in der Liste: SubmissionReceived")
    assert name in listed.stdout
    assert (closed.exit_code, closed.stdout) == (0, f"{place}: aufgegeben: nicht zu retten (beyond-repair)\n")
    assert (by_case.exit_code, "war schon erledigt" in by_case.stdout) == (1, True)  # nothing holds it up
    assert letter.timestamp_ms == record.timestamp_ms  # it expires with its record
    assert name not in (await run(dead_letters.commands, "list")).stdout
    sent = [r for r in await ground.records(SUBMISSION_RECEIVED.name) if r.value == broken.value]
    assert sent == [record]  # nobody but intake writes there


@pytest.mark.long
async def test_a_letter_whose_record_has_expired_is_listed_as_such_and_can_be_given_up(
    ground: Ground,
) -> None:
    before, broken = undecodable(ground.submission()), undecodable(ground.submission())
    broken = replace(broken, key=before.key)  # the same partition, behind it
    await ground.send(before, broken)
    (gone, letter), (still, _) = [await dead(ground, each) for each in (before, broken)]
    came = origin(letter.headers)
    admin = ground.kafka.endpoint.admin()  # kept: what it has begun ends with it
    expired = AdminPartition(came.topic, came.partition, came.offset + 1)
    for done in admin.delete_records([expired]).values():
        done.result(30)

    listed = {e["number"]: e for e in json.loads((await run(dead_letters.commands, "list", "--json")).stdout)}

    assert (listed[gone]["recordGone"], listed[gone]["possible"]) == (True, ["close"])
    assert (listed[still]["recordGone"], listed[still]["possible"]) == (False, ["replay", "close"])
    assert "abgelaufen" in (await run(dead_letters.commands, "list")).stdout
    for name in (gone, still):
        closed = await run(dead_letters.commands, "close", name, "--reason", "expired")
        assert closed.exit_code == 0


async def dead(ground: Ground, broken: Message) -> tuple[str, Record]:
    """The name of the record's dead letter, and the letter."""
    digest = hashlib.sha256(broken.value or b"").hexdigest()
    async with asyncio.timeout(60):
        while True:
            for record in await ground.records(sealed_dead_letter_topic("router"), partitions=1):
                if is_letter(record) and origin(record.headers).digest == digest:
                    return letter_name(record.topic, record.offset), record
            await asyncio.sleep(0.1)


def undecodable(received: Event[SubmissionReceived]) -> Message:
    """A record that is no submission, with a person's name in it."""
    return replace(
        encode(received, SUBMISSION_RECEIVED.name), value=f"Erika Mustermann {unique('x')}".encode()
    )
