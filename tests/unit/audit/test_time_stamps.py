"""The checkpoint is stamped once a day; what fails is shown and tried again, and nothing false is kept."""

import asyncio
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.audit.adapters.stamp_folder import StampFolder
from services.audit.adapters.tile_folder import TileFolder
from services.audit.adapters.time_authority import StampLoop
from services.audit.app.service import stamping
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.merkle import EMPTY_ROOT
from services.audit.domain.note import sign
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.timestamp import Stamped, timestamp_request, verify_timestamp
from services.audit.handler.stamp import Stamper
from services.audit.settings import Settings
from shared.settings import KafkaConnection, PostgresConnection
from shared.telemetry.health import Condition, Health
from shared.telemetry.metrics import Telemetry
from tests.support.alarms import rings
from tests.support.audit import LOG_KEY, ORIGIN
from tests.support.time_authority import Authority

AUTHORITY = Authority("Zeitstempelstelle")
NOON = datetime(2026, 1, 12, 12, tzinfo=UTC)


def _note(size: int) -> bytes:
    return sign(Checkpoint(ORIGIN, size, EMPTY_ROOT).to_text(), [LOG_KEY], time=0).to_bytes()


class Day:
    """A clock, the published checkpoint, and an authority that can be away."""

    def __init__(self, folder: Path) -> None:
        self.now = NOON
        self.note: bytes | None = _note(7)
        self.away = False
        self.asked = 0
        self.stamps = StampFolder(folder)
        self.stamper = Stamper(
            ask=self._ask,
            published=self._published,
            stamps=self.stamps,
            roots=[AUTHORITY.root],
            clock=lambda: self.now,
        )

    async def _ask(self, request: bytes) -> bytes:
        self.asked += 1
        if self.away:
            raise ConnectionRefusedError("away")
        return AUTHORITY.answer(request, at=self.now)

    async def _published(self) -> bytes | None:
        return self.note


@pytest.fixture
def day(tmp_path: Path) -> Day:
    return Day(tmp_path / "stamps")


async def test_a_checkpoint_is_stamped_and_kept_with_the_answer(day: Day) -> None:
    assert await day.stamper.stamp()
    kept = await day.stamps.of(NOON.date())
    assert kept is not None
    assert kept.note == _note(7)
    assert verify_timestamp(kept.response, kept.note, roots=[AUTHORITY.root]) == NOON


async def test_it_is_stamped_once_a_day(day: Day) -> None:
    await day.stamper.stamp()
    assert not await day.stamper.stamp()
    day.now += timedelta(days=1)
    assert await day.stamper.stamp()
    assert day.asked == 2


async def test_nothing_is_asked_before_there_is_a_checkpoint(day: Day) -> None:
    day.note = None
    assert not await day.stamper.stamp()
    assert day.asked == 0


async def test_an_answer_that_the_roots_do_not_bear_out_is_not_kept(day: Day) -> None:
    day.stamper = Stamper(
        ask=day._ask,
        published=day._published,
        stamps=day.stamps,
        roots=[Authority("other").root],
        clock=lambda: NOON,
    )
    with pytest.raises(ProofRefused):
        await day.stamper.stamp()
    assert await day.stamps.of(NOON.date()) is None


@pytest.mark.parametrize("answer", [b"", b"<html>", b"\x30\x03\x02\x01\x00"])
def test_what_is_no_answer_of_an_authority_is_refused(answer: bytes) -> None:
    with pytest.raises(ProofRefused, match="time stamp"):
        verify_timestamp(answer, _note(1), roots=[AUTHORITY.root])


ANSWER = AUTHORITY.answer(timestamp_request(_note(1)), at=NOON)


@given(st.integers(0, len(ANSWER) * 8 - 1))
def test_an_answer_with_one_bit_changed_is_refused_or_says_the_same(bit: int) -> None:
    # CMS leaves some bytes unsigned: versions, names of algorithms, certificates beyond the signer's.
    changed = bytearray(ANSWER)
    changed[bit // 8] ^= 1 << bit % 8
    with suppress(ProofRefused):
        assert verify_timestamp(bytes(changed), _note(1), roots=[AUTHORITY.root]) == NOON


def test_an_answer_for_another_message_is_refused() -> None:
    with pytest.raises(ProofRefused, match="time stamp"):
        verify_timestamp(ANSWER, _note(2), roots=[AUTHORITY.root])


async def test_of_two_replicas_the_first_answer_stays(day: Day) -> None:
    first, second = Stamped(_note(1), b"first"), Stamped(_note(2), b"second")
    await day.stamps.keep(NOON.date(), first)
    await day.stamps.keep(NOON.date(), second)
    assert await day.stamps.of(NOON.date()) == first


@pytest.mark.parametrize(("index", "size"), [(0, 10), (9, 10), (10, 20), (29, 30), (30, 30), (10**6, 30)])
async def test_the_earliest_stamp_that_covers_an_entry_is_found(day: Day, index: int, size: int) -> None:
    for number in (1, 2, 3):
        await day.stamps.keep(date(2026, 1, number), Stamped(_note(number * 10), b""))
    found = await day.stamps.covering(index)
    assert found is not None
    assert found.note == _note(size)


async def test_the_age_is_infinite_until_there_is_a_stamp(day: Day) -> None:
    assert day.stamps.age() == float("inf")
    assert await day.stamps.covering(0) is None
    await day.stamper.stamp()
    assert 0 <= day.stamps.age() < 60


async def _until(condition: Condition, standing: str) -> None:
    async with asyncio.timeout(5):
        while condition.standing != standing:  # noqa: ASYNC110 - a condition has no event
            await asyncio.sleep(0)


async def test_an_authority_that_is_away_is_shown_and_asked_again(day: Day) -> None:
    day.away, condition = True, Condition()
    loop = asyncio.create_task(
        StampLoop(day.stamper.stamp, condition=condition, pause=timedelta(milliseconds=1)).run()
    )
    await _until(condition, "degraded")
    day.away = False
    await _until(condition, "ready")
    loop.cancel()
    assert await day.stamps.of(NOON.date()) is not None


def _settings(folder: Path, **options: object) -> Settings:
    file = folder / "file"
    file.write_bytes(AUTHORITY.root.public_bytes(Encoding.PEM))
    unused = {
        "kafka": KafkaConnection(bootstrap="127.0.0.1:9", security_protocol="PLAINTEXT"),
        "postgres": PostgresConnection(url="postgresql://127.0.0.1/unused"),
        "tile_folder": folder,
        "log_origin": ORIGIN,
        "log_key_file": file,
        "pseudonym_key_file": file,
    }
    return Settings.model_validate({**unused, **options})


def test_an_authority_is_configured_with_its_roots_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="given together"):
        _settings(tmp_path, timestamp_url="https://tsa.example/")


@pytest.mark.parametrize("named", [True, False])
def test_the_age_is_a_metric_where_an_authority_is_named(tmp_path: Path, named: bool) -> None:  # noqa: FBT001 - a case
    roots = tmp_path / "file"
    options = {"timestamp_url": "https://tsa.example/", "timestamp_roots_file": roots} if named else {}
    telemetry = Telemetry()
    loop = stamping(
        _settings(tmp_path, **options),
        folder=TileFolder(tmp_path),
        stamps=StampFolder(tmp_path / "stamps"),
        health=Health(),
        telemetry=telemetry,
    )
    assert (loop is not None) == named
    assert (b'timestamp_age_seconds{log="audit.example/log1"} +Inf' in telemetry.exposition()) == named
    assert rings("AmtswegNoTimeStamp", telemetry) == named
