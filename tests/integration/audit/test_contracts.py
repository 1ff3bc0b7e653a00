"""PostgreSQL and a witness that we did not write keep the contracts that the fakes keep."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson
import pytest

from amtsweg.stack import ports
from amtsweg.stack.witness import Witness
from services.audit.adapters.postgres.committed import PostgresLog
from services.audit.adapters.postgres.ledger import PostgresLedgers
from services.audit.adapters.witness_http import WitnessHttp
from services.audit.domain.keys import VerifierKey
from services.audit.domain.witnessing import Reply
from services.audit.handler.sequence import Sequencer
from shared.postgres.pool import Pool
from tests.contracts.audit.committed import CommittedContract, Store
from tests.contracts.audit.witnesses import Asked, WitnessContract
from tests.support.audit import LOG_KEY, ORIGIN, SECRECY, fact

SEQUENCER = Sequencer(secrecy=SECRECY, random_bytes=os.urandom)


class PostgresStore(Store):
    def __init__(self, pool: Pool, log: PostgresLog) -> None:
        self.log = self.publications = log
        self._pool = pool

    async def append(self, count: int) -> None:
        before = (await self.log.frontier()).size
        async with PostgresLedgers(self._pool, origin=ORIGIN).transaction() as ledger:
            await SEQUENCER.append([fact(number) for number in range(before, before + count)], ledger)

    async def announced(self) -> Sequence[int]:
        rows = await self._pool.fetch("select value from outbox order by id")
        return [orjson.loads(row["value"])["size"] for row in rows]


class TestPostgresLog(CommittedContract):
    @pytest.fixture
    def store(self, pool: Pool, log: PostgresLog) -> Store:
        return PostgresStore(pool, log)


class AskedWitness(Asked):
    def __init__(self, witness: Witness, http: WitnessHttp) -> None:
        self._url = witness.url
        self._http = http
        self.verifier = VerifierKey.from_text(witness.verifier_key())

    async def ask(self, path: str, body: bytes | None) -> Reply:
        return await self._http.ask(f"{self._url}/{path}", body)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Witness]:
    var: Path = tmp_path_factory.mktemp("witness")
    key = LOG_KEY.verifier.to_text()
    witness = Witness("witness-1", var=var, port=ports.free_port(), origin=ORIGIN, log_key=key)
    witness.start()
    yield witness
    witness.stop()


class TestAicsWitness(WitnessContract):
    @pytest.fixture
    def witness(self, running: Witness) -> Iterator[Asked]:
        http = WitnessHttp()
        yield AskedWitness(running, http)
        http.close()
