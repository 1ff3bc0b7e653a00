"""What every witness answers (C2SP tlog-witness), the fake and one that we did not write."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import pytest

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.keys import VerifierKey
from services.audit.domain.merkle import CompactRange, consistency_proof, grow, leaf_hash, node_hash
from services.audit.domain.note import Note, sign
from services.audit.domain.witnessing import (
    SIZE_TYPE,
    Cosigned,
    Elsewhere,
    Reply,
    interpret,
    monitored,
    request_body,
)
from tests.support.audit import LOG_KEY, LOG_KEY_PQ, ORIGIN, entry

_HASHES = [leaf_hash(entry(number)) for number in range(400)]


def checkpoint(size: int) -> Checkpoint:
    return Checkpoint(ORIGIN, size, grow(CompactRange(), _HASHES[:size])[0].root())


def signed(said: Checkpoint) -> Note:
    return sign(said.to_text(), [LOG_KEY, LOG_KEY_PQ], time=1_767_225_600)


def proof(old: int, size: int) -> Sequence[bytes]:
    def subtree(height: int, index: int) -> bytes:
        if height == 0:
            return _HASHES[index]
        return node_hash(subtree(height - 1, 2 * index), subtree(height - 1, 2 * index + 1))

    return consistency_proof(old, size, subtree)


class Asked(ABC):
    """A witness of this log that may have cosigned it before."""

    verifier: VerifierKey

    @abstractmethod
    async def ask(self, path: str, body: bytes | None) -> Reply:
        """Post to a path below its URL, or get."""

    async def add(self, said: Checkpoint | Note, *, old: int, proof: Sequence[bytes] = ()) -> Reply:
        note = signed(said) if isinstance(said, Checkpoint) else said
        return await self.ask("add-checkpoint", request_body(old, proof, note))

    async def size(self) -> int:
        """The size that it cosigned last; grows it by one, so that it is never 0."""
        conflict = interpret(await self.add(checkpoint(399), old=399), signed(checkpoint(399)), self.verifier)
        known = conflict.size if isinstance(conflict, Elsewhere) else 399
        assert (await self.add(checkpoint(known + 1), old=known, proof=proof(known, known + 1))).status == 200
        return known + 1


class WitnessContract:
    @pytest.fixture
    def witness(self) -> Asked:
        raise NotImplementedError

    async def test_it_cosigns_a_tree_that_extends_what_it_knows(self, witness: Asked) -> None:
        known = await witness.size()
        grown = checkpoint(known + 9)
        reply = await witness.add(grown, old=known, proof=proof(known, known + 9))
        assert isinstance(interpret(reply, signed(grown), witness.verifier), Cosigned)

    async def test_it_cosigns_the_same_tree_again(self, witness: Asked) -> None:
        known = await witness.size()
        assert (await witness.add(checkpoint(known), old=known)).status == 200

    async def test_it_answers_a_wrong_old_size_with_its_own(self, witness: Asked) -> None:
        known = await witness.size()
        reply = await witness.add(checkpoint(known + 5), old=known - 1, proof=proof(known - 1, known + 5))
        assert (reply.status, reply.content_type, reply.body) == (409, SIZE_TYPE, b"%d\n" % known)

    async def test_it_does_not_cosign_without_a_proof_of_consistency(self, witness: Asked) -> None:
        known = await witness.size()
        assert (await witness.add(checkpoint(known + 5), old=known)).status == 422

    async def test_it_does_not_cosign_another_tree_of_the_same_size(self, witness: Asked) -> None:
        known = await witness.size()
        assert (await witness.add(Checkpoint(ORIGIN, known, b"x" * 32), old=known)).status in {409, 422}

    async def test_it_knows_no_other_log(self, witness: Asked) -> None:
        other = sign(Checkpoint("other.example", 1, b"x" * 32).to_text(), [LOG_KEY], time=0)
        assert (await witness.add(other, old=0)).status == 404

    async def test_it_wants_the_logs_own_signature(self, witness: Asked) -> None:
        known = await witness.size()
        unsigned = sign(checkpoint(known).to_text(), [LOG_KEY_PQ], time=0)
        assert (await witness.add(unsigned, old=known)).status == 403

    async def test_an_older_tree_than_the_one_it_grows_from_is_malformed(self, witness: Asked) -> None:
        assert (await witness.add(checkpoint(3), old=4)).status == 400

    @pytest.mark.parametrize("body", [b"", b"old\n\n", b"old 01\n\n", b"old 0\nA\n\n"])
    async def test_it_refuses_a_malformed_request(self, witness: Asked, body: bytes) -> None:
        assert (await witness.ask("add-checkpoint", body)).status == 400

    async def test_it_shows_what_it_has_cosigned_last(self, witness: Asked) -> None:
        known = await witness.size()
        shown = await witness.ask(monitored(ORIGIN), None)
        assert shown.status == 200
        assert Note.from_bytes(shown.body).text == checkpoint(known).to_text()
