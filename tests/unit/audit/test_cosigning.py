"""Witnesses that are slow, behind, ahead, restarted, mistaken or bribed; the cosigner fails closed."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

import pytest

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.note import Note, Signature
from services.audit.domain.policy import Policy, Trusted, WitnessGroup
from services.audit.domain.witnessing import SIZE_TYPE, Reply
from services.audit.handler.cosign import Cosigner
from services.audit.ports import Fork, QuorumMissing
from tests.contracts.audit.witnesses import checkpoint, proof, signed
from tests.support.audit import LOG_KEY, ORIGIN
from tests.support.fake_witness import FakeWitness


class Scene:
    """Two witnesses, of whom so many must cosign, and the cosigner that asks them."""

    def __init__(self, *, threshold: int = 2, delays: Mapping[str, float] | None = None) -> None:
        self.witnesses = {f"w{n}": FakeWitness(LOG_KEY.verifier, number=n) for n in (1, 2)}
        self.evidence: dict[str, bytes] = {}
        self._delays = delays or {}
        self._threshold = threshold
        self.restart()

    def restart(self) -> None:
        """A new process: what the cosigner had in memory is gone."""
        trusted = {
            name: Trusted(witness.verifier, f"http://{name}.test") for name, witness in self.witnesses.items()
        }
        policy = Policy((), trusted, {"all": WitnessGroup(self._threshold, tuple(trusted))}, "all")
        self.cosigner = Cosigner(policy, ask=self._ask, prove=_prove, keep_evidence=self._keep)

    async def cosign(self, size: int) -> set[str]:
        """Whose signatures the checkpoint of this size gets."""
        return await self.cosign_this(checkpoint(size))

    async def cosign_this(self, said: Checkpoint) -> set[str]:
        note = await self.cosigner.cosign(signed(said), said)
        return {s.name for s in note.signatures} - {ORIGIN}

    async def _ask(self, url: str, body: bytes | None) -> Reply:
        name = url.removeprefix("http://").partition(".")[0]
        await asyncio.sleep(self._delays.get(name, 0.0))
        return await self.witnesses[name].ask(url, body)

    async def _keep(self, name: str, data: bytes) -> None:
        self.evidence[name] = data


async def _prove(old: int, size: int) -> tuple[bytes, ...]:
    return tuple(proof(old, size))


BOTH = {"witness.example/w1", "witness.example/w2"}


async def test_both_cosign_tree_after_tree() -> None:
    scene = Scene()
    assert [await scene.cosign(size) for size in (0, 1, 2, 300)] == [BOTH] * 4


async def test_each_is_asked_once_where_its_size_is_remembered() -> None:
    scene = Scene()
    for size in (10, 20, 30):
        await scene.cosign(size)
    assert [len(w.asked) for w in scene.witnesses.values()] == [3, 3]


async def test_after_our_restart_the_witnesses_tell_how_far_they_are() -> None:
    scene = Scene()
    await scene.cosign(10)
    scene.restart()
    assert await scene.cosign(20) == BOTH


async def test_a_checkpoint_that_was_cosigned_but_not_published_is_cosigned_again() -> None:
    scene = Scene()
    await scene.cosign(10)
    scene.restart()
    assert await scene.cosign(10) == BOTH


async def test_a_witness_that_is_behind_is_brought_up() -> None:
    scene = Scene(threshold=1)
    scene.witnesses["w2"].away = True
    await scene.cosign(10)
    scene.witnesses["w2"].away = False
    scene.witnesses["w1"].away = True
    assert await scene.cosign(20) == {"witness.example/w2"}


async def test_a_witness_that_lost_its_memory_begins_anew() -> None:
    scene = Scene()
    await scene.cosign(10)
    scene.witnesses["w1"].forget()
    assert await scene.cosign(20) == BOTH


async def test_a_database_behind_a_witness_is_a_restored_backup() -> None:
    scene = Scene(threshold=1)
    await scene.cosign(30)
    scene.restart()
    with pytest.raises(Fork, match=r"cosigned 30 entries, the database has 20.*old backup"):
        await scene.cosign(20)


async def test_another_root_for_a_size_that_was_cosigned_is_a_fork_and_kept() -> None:
    scene = Scene()
    await scene.cosign(10)
    scene.restart()
    with pytest.raises(Fork, match="contradicts us"):
        await scene.cosign_this(Checkpoint(ORIGIN, 10, b"x" * 32))
    name = next(file.partition(".")[0] for file in scene.evidence)
    kept = {kind: scene.evidence[f"{name}.{kind}"] for kind in ("add-checkpoint", "answer", "checkpoint")}
    assert Note.from_bytes(kept["checkpoint"]).text == checkpoint(10).to_text()
    assert kept["answer"].startswith(b"422")
    assert b"eHh4eHh4" in kept["add-checkpoint"]


@pytest.mark.parametrize(
    "answer",
    [
        Reply(HTTPStatus.CONFLICT, "text/plain", b"another root"),
        Reply(HTTPStatus.CONFLICT, "", b""),
        Reply(HTTPStatus.UNPROCESSABLE_ENTITY, "text/plain", b""),
    ],
)
async def test_the_ways_in_which_witnesses_say_fork_are_all_understood(answer: Reply) -> None:
    scene = Scene()
    scene.witnesses["w1"].answer = answer
    with pytest.raises(Fork, match="witness w1 contradicts us"):
        await scene.cosign(10)
    assert "w1.answer" in scene.evidence


def _cosigned_by(witness: FakeWitness, value: bytes) -> Reply:
    line = Signature(witness.verifier.name, witness.verifier.id, value).to_line()
    return Reply(HTTPStatus.OK, "text/plain", line.encode())


REFUSALS = {
    "unknown to it": Reply(HTTPStatus.NOT_FOUND, "text/plain", b""),
    "not trusted": Reply(HTTPStatus.FORBIDDEN, "text/plain", b""),
    "too many requests": Reply(HTTPStatus.TOO_MANY_REQUESTS, "text/plain", b""),
    "unavailable": Reply(HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", b""),
    "no signature line": Reply(HTTPStatus.OK, "text/plain", b"thank you\n"),
    "not UTF-8": Reply(HTTPStatus.OK, "text/plain", b"\xff\n"),
    "nothing": Reply(HTTPStatus.OK, "text/plain", b""),
    "a size that is no number": Reply(HTTPStatus.CONFLICT, SIZE_TYPE, b"many\n"),
    "a size that changes nothing": Reply(HTTPStatus.CONFLICT, SIZE_TYPE, b"0\n"),
    "another's signature": _cosigned_by(FakeWitness(LOG_KEY.verifier, number=9), b"\0" * 72),
    "a bad signature": _cosigned_by(FakeWitness(LOG_KEY.verifier, number=1), b"\0" * 72),
    "a signature that is too short": _cosigned_by(FakeWitness(LOG_KEY.verifier, number=1), b"\0"),
}


@pytest.mark.parametrize("answer", REFUSALS.values(), ids=REFUSALS)
async def test_without_a_valid_cosignature_there_is_no_quorum(answer: Reply) -> None:
    scene = Scene()
    scene.witnesses["w1"].answer = answer
    with pytest.raises(QuorumMissing, match="w1: "):
        await scene.cosign(10)
    assert scene.evidence == {}
    scene.witnesses["w1"].answer = None
    assert await scene.cosign(11) == BOTH


async def test_a_witness_that_is_away_is_named() -> None:
    scene = Scene()
    scene.witnesses["w2"].away = True
    with pytest.raises(QuorumMissing, match=r"w2: not reached \(ConnectionRefusedError\)"):
        await scene.cosign(10)


async def test_a_witness_that_is_not_needed_is_not_waited_for() -> None:
    scene = Scene(threshold=1, delays={"w2": 60})
    async with asyncio.timeout(5):
        assert await scene.cosign(10) == {"witness.example/w1"}


async def test_who_still_owes_an_answer_is_not_asked_again() -> None:
    scene = Scene(threshold=1, delays={"w2": 60})
    for size in range(1, 30):
        await scene.cosign(size)
    assert len(asyncio.all_tasks()) == 2


async def test_a_contradiction_that_comes_late_stops_the_next_checkpoint() -> None:
    scene = Scene(threshold=1, delays={"w2": 0.01})
    scene.witnesses["w2"].answer = Reply(HTTPStatus.CONFLICT, "text/plain", b"")
    assert await scene.cosign(10) == {"witness.example/w1"}
    late = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*late, return_exceptions=True)
    with pytest.raises(Fork, match="witness w2 contradicts us"):
        await scene.cosign(20)
    assert "w2.answer" in scene.evidence


async def test_the_cosignatures_stand_behind_the_logs_own_signatures() -> None:
    scene = Scene()
    note = await scene.cosigner.cosign(signed(checkpoint(5)), checkpoint(5))
    assert [s.name for s in note.signatures] == [ORIGIN, ORIGIN, *sorted(BOTH)]
