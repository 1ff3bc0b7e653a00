"""Two witnesses that we did not write cosign; without enough of them nothing is published."""

import asyncio
import os
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from amtsweg.stack import ports
from amtsweg.stack.witness import Witness, policy
from services.audit.adapters.postgres.committed import PostgresLog
from services.audit.adapters.postgres.ledger import PostgresLedgers
from services.audit.adapters.proofs import Proofs
from services.audit.adapters.tile_folder import TileFolder
from services.audit.adapters.witness_http import WitnessHttp
from services.audit.app import assemble
from services.audit.domain.note import Note, verify
from services.audit.domain.policy import Policy, open_checkpoint, parse_policy
from services.audit.handler.cosign import Cosigner
from services.audit.handler.publish import LogPublisher
from services.audit.handler.sequence import Sequencer
from services.audit.ports import Fork, QuorumMissing
from shared.postgres.pool import Pool
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from tests.integration.audit.conftest import settings_in, until
from tests.support.audit import LOG_KEY, LOG_KEY_PQ, NOW, ORIGIN, SECRECY, MemoryLog, entry, fact
from tests.support.auditors import auditors
from tests.support.verifier import IndependentVerifier


@pytest.fixture
def witnesses(tmp_path: Path) -> Iterator[list[Witness]]:
    key = LOG_KEY.verifier.to_text()
    made = [
        Witness(name, var=tmp_path / "var", port=ports.free_port(), origin=ORIGIN, log_key=key)
        for name in ("witness-1", "witness-2")
    ]
    for witness in made:
        witness.start()
    yield made
    for witness in made:
        witness.stop()


def trusting(witnesses: list[Witness], threshold: int) -> Policy:
    return parse_policy(policy(witnesses, threshold=threshold).encode()).with_logs(
        LOG_KEY.verifier, LOG_KEY_PQ.verifier
    )


def publisher(log: MemoryLog, folder: TileFolder, trusted: Policy, witnesses: WitnessHttp) -> LogPublisher:
    cosigner = Cosigner(
        trusted,
        ask=witnesses.ask,
        prove=Proofs(folder).between,
        keep_evidence=folder.keep_evidence,
    )
    return LogPublisher(
        origin=ORIGIN,
        keys=[LOG_KEY, LOG_KEY_PQ],
        log=log,
        publications=log,
        shelf=folder,
        clock=lambda: NOW,
        cosign=cosigner.cosign,
    )


async def grow(log: MemoryLog, folder: TileFolder, trusted: Policy, *sizes: int) -> None:
    with closing(WitnessHttp()) as witnesses:
        running = publisher(log, folder, trusted, witnesses)
        published = await running.start()
        for size in sizes:
            log.extend([entry(n) for n in range(len(log.leaves), size)])
            published = await running.publish(published)
        await asyncio.sleep(0.1)  # who answers late is answered into a closed connection otherwise


async def test_both_witnesses_cosign_a_log_that_grows(witnesses: list[Witness], tmp_path: Path) -> None:
    log, folder, trusted = MemoryLog(), TileFolder(tmp_path / "log"), trusting(witnesses, 2)
    await grow(log, folder, trusted, 1, 2, 255, 256, 257, 600)
    await grow(log, folder, trusted, 601)
    note = folder.read_now("checkpoint") or b""
    assert open_checkpoint(note, trusted).size == 601
    cosigned = verify(Note.from_bytes(note), [each.key for each in trusted.witnesses.values()])
    assert {each.key.name for each in cosigned} == {f"{w.name}.amtsweg.example" for w in witnesses}


async def test_strangers_accept_the_quorum(witnesses: list[Witness], tmp_path: Path) -> None:
    folder = tmp_path / "log"
    await grow(MemoryLog(), TileFolder(folder), trusting(witnesses, 2), 300)
    keys = tuple(witness.verifier_key() for witness in witnesses)
    verifier = IndependentVerifier(LOG_KEY.verifier.to_text(), keys)
    (answer,) = await asyncio.to_thread(verifier.run, [verifier.checkpoint(folder)])
    assert answer["ok"], answer


async def test_one_of_two_is_enough_where_the_policy_says_so(
    witnesses: list[Witness], tmp_path: Path
) -> None:
    log, folder, trusted = MemoryLog(), TileFolder(tmp_path / "log"), trusting(witnesses, 1)
    witnesses[0].kill()
    await grow(log, folder, trusted, 10, 20)
    assert open_checkpoint(folder.read_now("checkpoint") or b"", trusted).size == 20


async def test_without_a_quorum_nothing_is_published_until_it_is_back(
    witnesses: list[Witness], tmp_path: Path
) -> None:
    log, folder, trusted = MemoryLog(), TileFolder(tmp_path / "log"), trusting(witnesses, 2)
    await grow(log, folder, trusted, 10)
    witnesses[1].kill()
    with pytest.raises(QuorumMissing, match="witness-2: not reached"):
        await grow(log, folder, trusted, 20)
    assert open_checkpoint(folder.read_now("checkpoint") or b"", trusted).size == 10
    await asyncio.to_thread(witnesses[1].start)
    await grow(log, folder, trusted, 30)
    assert open_checkpoint(folder.read_now("checkpoint") or b"", trusted).size == 30


async def test_a_database_restored_with_all_our_files_is_caught_by_the_witnesses(
    witnesses: list[Witness], tmp_path: Path
) -> None:
    trusted = trusting(witnesses, 2)
    await grow(MemoryLog(), TileFolder(tmp_path / "log"), trusted, 300)
    with pytest.raises(Fork, match="restored from an old backup"):
        await grow(MemoryLog(), TileFolder(tmp_path / "restored"), trusted, 200)


async def test_a_fork_shown_to_a_witness_stops_publication_and_is_kept(
    witnesses: list[Witness], tmp_path: Path
) -> None:
    trusted = trusting(witnesses, 2)
    await grow(MemoryLog(), TileFolder(tmp_path / "log"), trusted, 300)
    forked, folder = MemoryLog(), tmp_path / "forked"
    forked.extend([b'{"v":1,"n":"another"}'])
    with pytest.raises(Fork, match="contradicts us"):
        await grow(forked, TileFolder(folder), trusted, 310)
    assert not (folder / "checkpoint").exists()
    evidence = folder / ".state/evidence"
    kept = {file.name.partition(".")[2]: file.read_bytes() for file in evidence.iterdir()}
    assert Note.from_bytes(kept["checkpoint"]).text.startswith(f"{ORIGIN}\n300\n")
    with pytest.raises(Fork, match="move the evidence away"):
        await grow(forked, TileFolder(folder), trusted, 320)


async def test_without_a_quorum_entries_are_taken_and_it_is_told_how_old_the_checkpoint_is(
    witnesses: list[Witness], pool: Pool, log: PostgresLog, tmp_path: Path
) -> None:
    health, telemetry = Health(), Telemetry()
    service = assemble(
        settings_in(tmp_path),
        pool=pool,
        secrecy=SECRECY,
        keys=[LOG_KEY, LOG_KEY_PQ],
        readers=auditors({}),
        health=health,
        telemetry=telemetry,
        policy=trusting(witnesses, 2),
    )
    ledgers = PostgresLedgers(pool, origin=ORIGIN)
    sequencer = Sequencer(secrecy=SECRECY, random_bytes=os.urandom)

    async def take(*numbers: int) -> None:
        async with ledgers.transaction() as ledger:
            await sequencer.append(list(map(fact, numbers)), ledger)

    async def published(size: int) -> bool:
        return bool(await pool.fetchval("select published_size = $1 from logs", size))

    async def told() -> bool:
        return "witness-2: not reached" in health.report()["checkpoints"]["reason"]

    publishing = asyncio.create_task(service.publisher.run())
    await take(1, 2)
    await until(lambda: published(2))
    witnesses[1].kill()
    await take(3, 4)
    await until(told)
    assert re.search(r"published \d+ s ago", health.report()["checkpoints"]["reason"])
    ages = [age(telemetry), age(telemetry)]
    assert 0 < ages[0] < ages[1]
    assert await published(2)
    assert health.report()["checkpoints"]["standing"] == "degraded"
    await asyncio.to_thread(witnesses[1].start)
    await until(lambda: published(4))
    assert health.report()["checkpoints"]["reason"] == ""
    publishing.cancel()
    await asyncio.wait([publishing])
    service.witnesses.close()


def age(telemetry: Telemetry) -> float:
    found = re.search(rb"amtsweg_checkpoint_age_seconds ([0-9.e-]+)", telemetry.exposition())
    assert found is not None
    return float(found[1])
