"""A witness in memory (C2SP tlog-witness); tests/contracts/audit holds it to what a real one does."""

from http import HTTPStatus

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.encoding import from_base64, to_decimal
from services.audit.domain.keys import SignatureType, SigningKey, VerifierKey
from services.audit.domain.merkle import EMPTY_ROOT, verify_consistency
from services.audit.domain.note import Note, sign, verify
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.witnessing import SIZE_TYPE, Reply, monitored
from tests.support.audit import NOW


class FakeWitness:
    """Knows one log. A test may send it `away`, make it `forget`, or put an `answer` into its mouth."""

    def __init__(self, log_key: VerifierKey, *, number: int = 1) -> None:
        self.key = SigningKey(f"witness.example/w{number}", SignatureType.COSIGNATURE, bytes([number]) * 32)
        self.size, self.root = 0, EMPTY_ROOT
        self.away = False
        self.answer: Reply | None = None
        self.asked: list[bytes] = []
        self._log_key = log_key
        self._seen: bytes | None = None

    @property
    def verifier(self) -> VerifierKey:
        return self.key.verifier

    def forget(self) -> None:
        """Lose all memory, as from a restored backup."""
        self.size, self.root, self._seen = 0, EMPTY_ROOT, None

    async def ask(self, url: str, body: bytes | None) -> Reply:
        if self.away:
            raise ConnectionRefusedError
        if body is None:
            shown = self._seen if url.endswith(monitored(self._log_key.name)) else None
            return _reply(HTTPStatus.NOT_FOUND) if shown is None else _reply(HTTPStatus.OK, shown)
        self.asked.append(body)
        return self.answer or self._add_checkpoint(body)

    def _add_checkpoint(self, body: bytes) -> Reply:
        try:
            old, proof, note = _request(body)
            checkpoint = Checkpoint.from_text(note.text)
        except ProofRefused:
            return _reply(HTTPStatus.BAD_REQUEST)
        refusal = self._refusal(old, proof, note, checkpoint)
        if refusal is not None:
            return refusal
        cosigned = sign(note.text, [self.key], time=int(NOW.timestamp())).signatures
        self.size, self.root = checkpoint.size, checkpoint.root
        self._seen = note.signed_by(cosigned).to_bytes()
        return _reply(HTTPStatus.OK, "".join(s.to_line() for s in cosigned).encode())

    def _refusal(self, old: int, proof: list[bytes], note: Note, checkpoint: Checkpoint) -> Reply | None:
        if checkpoint.origin != self._log_key.name:
            return _reply(HTTPStatus.NOT_FOUND)
        try:
            verify(note, [self._log_key])
        except ProofRefused:
            return _reply(HTTPStatus.FORBIDDEN)
        if old > checkpoint.size:
            return _reply(HTTPStatus.BAD_REQUEST)
        if old != self.size:
            return Reply(HTTPStatus.CONFLICT, SIZE_TYPE, b"%d\n" % self.size)
        try:
            verify_consistency(
                old=old, size=checkpoint.size, old_root=self.root, new_root=checkpoint.root, proof=proof
            )
        except ProofRefused:
            return _reply(HTTPStatus.UNPROCESSABLE_ENTITY)
        return None


def _request(body: bytes) -> tuple[int, list[bytes], Note]:
    head, blank, note = body.partition(b"\n\n")
    try:
        first, *hashes = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise ProofRefused("not ASCII before the checkpoint") from None
    if not blank or not first.startswith("old "):
        raise ProofRefused("no old size, or no checkpoint")
    old = to_decimal(first.removeprefix("old "), "old size")
    return old, [from_base64(text, "proof") for text in hashes], Note.from_bytes(note)


def _reply(status: HTTPStatus, body: bytes = b"") -> Reply:
    return Reply(status, "text/plain; charset=utf-8", body)
