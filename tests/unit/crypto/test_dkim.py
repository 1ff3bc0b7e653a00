from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from shared.crypto.dkim import DkimSigner
from tests.support.dkim_verifier import verifies
from tests.support.mails import KINDS, mail, message

NOW = datetime(2026, 1, 12, 9, 31, tzinfo=UTC)
BY_DKIMPY = Path(__file__).parents[2] / "golden" / "dkim"
RECORDS = {"2026a._domainkey.amtsweg.example": (BY_DKIMPY / "record.txt").read_text().strip()}


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


SIGNER = DkimSigner.from_pem(
    pem(rsa.generate_private_key(65537, 2048)), domain="amtsweg.example", selector="2026a"
)
PUBLISHED = {SIGNER.record_name: SIGNER.record}


@pytest.mark.parametrize("file", sorted(BY_DKIMPY.glob("*.eml")), ids=lambda file: file.stem)
def test_what_another_program_has_signed_holds_and_nothing_else(file: Path) -> None:
    signed = file.read_bytes()
    assert verifies(signed, RECORDS)
    assert not verifies(signed.replace(b"erika@", b"erich@"), RECORDS)
    assert not verifies(signed + b"mehr\r\n", RECORDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_mail_is_signed_so_that_a_receiver_verifies_it(kind: str) -> None:
    content = mail(message(kind)).content  # type: ignore[arg-type] # one of the literals
    signed = SIGNER.sign(content, at=NOW)
    assert signed.endswith(content)
    assert verifies(signed, PUBLISHED)
    assert max(map(len, signed.split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    ("there", "changed"),
    [
        (b"To: erika", b"To: erich"),
        (b"AW-2026", b"AW-2025"),
        (b"\r\nFrom:", b"\r\nSubject: other\r\nFrom:"),
        (b"\r\nFrom:", b"\r\nReply-To: other@example.org\r\nFrom:"),
        (b"\r\nFrom:", b"\r\nCc: other@example.org\r\nFrom:"),
        (b"\r\nAuto-Submitted:", b"\r\nAuto-Submitted: no\r\nX:"),
        (b"multipart/alternative", b"multipart/mixed"),
    ],
)
def test_whatever_is_changed_or_added_breaks_it(there: bytes, changed: bytes) -> None:
    signed = SIGNER.sign(mail(message("receipt")).content, at=NOW)
    assert there in signed
    assert not verifies(signed.replace(there, changed, 1), PUBLISHED)


def test_what_relays_do_on_the_way_leaves_it_whole() -> None:
    signed = SIGNER.sign(mail(message("receipt")).content, at=NOW)
    relayed = signed.replace(b"To: ", b"To:\r\n\t", 1).replace(b"Date: ", b"DATE:   ", 1)
    assert verifies(b"Received: from here by there\r\n" + relayed + b"\r\n\r\n", PUBLISHED)


@given(
    st.lists(st.text(st.sampled_from("ab \t.=:"), max_size=12), max_size=6),
    st.text(st.sampled_from("ab \t"), max_size=12),
)
def test_blanks_and_empty_lines_of_any_kind_verify(lines: list[str], subject: str) -> None:
    head = f"From: a@amtsweg.example\r\nSubject: x{subject}\r\n\t{subject}x\r\n\r\n"
    assert verifies(SIGNER.sign((head + "\r\n".join(lines)).encode(), at=NOW), PUBLISHED)


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        pem(rsa.generate_private_key(65537, 1024)),
        pem(ec.generate_private_key(ec.SECP256R1())),
    ],
    ids=["empty", "broken", "short", "another-kind"],
)
def test_a_key_that_receivers_do_not_take_for_safe_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match="RSA private key with 2048 to 4096 bits"):
        DkimSigner.from_pem(key, domain="amtsweg.example", selector="2026a")


def test_nothing_that_is_shown_of_a_signer_holds_its_key() -> None:
    assert "key" not in repr(SIGNER)
