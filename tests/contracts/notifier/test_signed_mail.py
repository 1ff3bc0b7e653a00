"""A signed mail on a real SMTP conversation: what the server has taken is what a receiver verifies."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import ValidationError
from typer.testing import CliRunner

from amtsweg.messages import commands
from services.notifier.adapters.smtp import MailServer as Address
from services.notifier.adapters.smtp import SmtpMailer
from services.notifier.domain.rendering import Names
from services.notifier.handler.carriers import Desk, EmailCarrier
from services.notifier.ports import Accepted, Claim
from services.notifier.settings import MailSignature, is_aligned
from shared.crypto.dkim import DkimSigner
from shared.events.payload import Sealed
from tests.support.dkim_verifier import verifies
from tests.support.events import sealed
from tests.support.mail_server import MailServer
from tests.support.mails import NAMES, SENDER, WRITER, message

NOW = datetime(2026, 1, 12, 9, 31, tzinfo=UTC)


class Opened:
    def open(self, contact: Sealed, *, submission_id: UUID) -> bytes:
        return b'{"email":"erika@example.org"}'

    def open_notice(self, notice: Sealed, *, submission_id: UUID) -> bytes:
        return b"{}"


class Directory:
    def names(self, *, service: str, authority: str | None) -> Names:
        return NAMES


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("dkim") / "dkim.pem"
    key = rsa.generate_private_key(65537, 2048)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file


def published(key_file: Path) -> dict[str, str]:
    """What the command tells to publish, as a receiver puts it together."""
    asked = ["dkim-record", "--key-file", str(key_file), "--selector", "2026a", "--domain", "amtsweg.example"]
    shown = CliRunner().invoke(commands, asked)
    assert shown.exit_code == 0, shown.output
    name, kind, *parts = shown.stdout.split(" ", 2)
    assert kind == "TXT"
    strings = parts[0].strip().strip('"').split('" "')
    assert max(map(len, strings)) <= 255
    return {name.removesuffix("."): "".join(strings)}


@pytest.fixture(scope="module")
def signer(key_file: Path) -> DkimSigner:
    return DkimSigner.from_pem(key_file.read_bytes(), domain="amtsweg.example", selector="2026a")


async def test_a_mail_arrives_with_a_signature_that_the_published_key_verifies(
    key_file: Path, signer: DkimSigner
) -> None:
    claim = Claim(
        message=message("incomplete"),
        contact=sealed(purpose="contact"),
        attempts=0,
        created_at=NOW,
        lease=uuid4(),
    )

    async def agree() -> bool:
        return True

    async with MailServer().running() as server:
        mailer = SmtpMailer(
            Address(host="127.0.0.1", port=server.port, encryption="none", greeting="amtsweg.example")
        )
        carrier = EmailCarrier(
            desk=Desk(contacts=Opened(), directory=Directory(), writer=WRITER),
            mailer=mailer,
            sender=SENDER,
            clock=lambda: NOW,
            signer=signer,
        )
        assert await carrier.carry(claim, before_content=agree) == Accepted()
        await mailer.close()
    ((_, taken),) = server.taken
    assert verifies(taken, published(key_file))
    other = rsa.generate_private_key(65537, 2048).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    stranger = DkimSigner.from_pem(other, domain="amtsweg.example", selector="2026a")
    assert not verifies(taken, {stranger.record_name: stranger.record})


def test_the_setting_refuses_a_weak_key_and_a_selector_that_is_no_name(
    tmp_path: Path, key_file: Path
) -> None:
    weak = tmp_path / "weak.pem"
    weak.write_bytes(
        rsa.generate_private_key(65537, 1024).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    with pytest.raises(ValidationError, match="2048 to 4096 bits"):
        MailSignature(key_file=weak, selector="2026a")
    for selector in ("", "a b", "a;d=other.example", "-a", "ä"):
        with pytest.raises(ValidationError, match="selector"):
            MailSignature(key_file=key_file, selector=selector)
    refused = CliRunner().invoke(
        commands, ["dkim-record", "--key-file", str(weak), "--selector", "a", "--domain", "b.example"]
    )
    assert refused.exit_code == 2


@pytest.mark.parametrize(
    ("domain", "allowed"),
    [
        ("post.amtsweg.example", True),
        ("amtsweg.example", True),
        ("weg.example", False),
        ("other.example", False),
        ("xpost.amtsweg.example", False),
    ],
)
def test_only_the_senders_own_domain_may_sign(*, domain: str, allowed: bool) -> None:
    assert is_aligned(domain, "no-reply@Post.Amtsweg.example") is allowed
