"""A mail that comes back: the next channel takes over, and what follows in the case goes there at once."""

import asyncio
import socket
import ssl
from functools import partial
from pathlib import Path
from uuid import uuid4

import aiosmtplib
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from amtsweg.stack.provision.certificates import make_certificates
from services.notifier.adapters.bounces import BounceServer
from services.notifier.domain.bounces import DeliveryReport, ReturnPaths
from shared.crypto.dkim import DkimSigner
from shared.events import ids
from shared.events.notification import MessageKind
from shared.events.submission import Channel
from shared.telemetry.health import Condition
from shared.telemetry.metrics import Telemetry
from tests.integration.notifier.conftest import Case, Notifier, until
from tests.support.bounces import report
from tests.support.dkim_verifier import verifies

KEY = "5b" * 32
PATHS = ReturnPaths("amtsweg.example", (bytes.fromhex(KEY),))
ADDRESS = {"street": "Südanlage 5", "postalCode": "35390", "town": "Gießen"}


def return_path(case: Case, kind: MessageKind) -> str:
    return PATHS.of(ids.message_id(case.id, kind, 1, "applicant", "email"))


async def bounce(port: int, recipient: str) -> int:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, timeout=30) as client:
        await client.mail("")
        await client.rcpt(recipient)
        return (await client.data(report("failed", "5.1.1"))).code


@pytest.mark.long
async def test_a_late_bounce_switches_the_channel_and_silences_nothing(
    notifier: Notifier, tmp_path: Path
) -> None:
    channels: tuple[Channel, ...] = ("email", "letter")
    case = notifier.case(channels=channels, name="Erika Mustermann", address=ADDRESS)
    keys, letters = tmp_path / "bounces", tmp_path / "letters"
    keys.write_text(KEY)
    letters.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    await notifier.start(
        AMTSWEG_BOUNCES__KEYS_FILE=str(keys),
        AMTSWEG_BOUNCES__PORT=str(port),
        AMTSWEG_LETTERS__FOLDER=str(letters),
        AMTSWEG_LETTERS__RETURN_ADDRESS="Amtsweg, Beispielplatz 1, 65185 Wiesbaden",
    )
    await notifier.publish(case.received())
    await until(lambda: notifier.has("sent", case))
    assert notifier.mail.senders == {return_path(case, "receipt")}

    assert await bounce(port, return_path(case, "receipt")) == 250
    await until(lambda: notifier.has("failed", case))
    await notifier.publish(case.routed())

    async def both_by_letter() -> bool:
        return len(list_of(letters)) == 2

    await until(both_by_letter)
    await until(lambda: notifier.has("sent", case, count=2))
    rows = await notifier.query(
        "SELECT kind, channel, state, reason FROM notifier.messages WHERE case_id = $1", case.id
    )
    assert {tuple(row) for row in rows} == {
        ("receipt", "email", "failed", "bounced"),
        ("receipt", "letter", "sent", None),
        ("forwarded", "email", "failed", "suppressed"),
        ("forwarded", "letter", "sent", None),
    }
    assert notifier.mail.taken_for(case.applicant) == 1


async def test_simulated_recipients_end_as_they_say_and_a_real_one_has_a_signed_mail(
    notifier: Notifier, tmp_path: Path
) -> None:
    key, pem = rsa.generate_private_key(65537, 2048), tmp_path / "dkim.pem"
    pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    cases = {
        name: notifier.case(email=f"{name}@amtsweg.test")
        for name in ("delivered", "bounced", "bounced-late", "refused")
    }
    real = notifier.case()
    await notifier.start(AMTSWEG_DKIM__KEY_FILE=str(pem), AMTSWEG_DKIM__SELECTOR="2026a")
    await notifier.publish(*(case.received() for case in cases.values()), real.received())
    ends = {"delivered": "delivered", "bounced": "failed", "bounced-late": "failed", "refused": "failed"}
    for name, case in cases.items():
        await until(partial(notifier.has, ends[name], case))
    await until(lambda: notifier.has("sent", real))
    assert [to for to, _ in notifier.mail.taken] == [real.applicant]
    signer = DkimSigner(key, "amtsweg.example", "2026a")
    assert verifies(notifier.mail.taken[0][1], {signer.record_name: signer.record})

    async def told() -> bool:
        return await notifier.outcomes(cases["bounced-late"]) == ["delivered", "failed", "sent"]

    await until(told)


def list_of(folder: Path) -> list[Path]:
    return list(folder.glob("*.pdf"))


async def test_beyond_loopback_nothing_is_taken_before_starttls(tmp_path: Path) -> None:
    make_certificates(tmp_path, hosts=("notifier",))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "notifier" / "certificate.pem", tmp_path / "notifier" / "key.pem")
    believing = ssl.create_default_context(cafile=tmp_path / "notifier" / "ca.pem")
    noted: list[DeliveryReport] = []

    async def note(_: object, told: DeliveryReport) -> bool:
        noted.append(told)
        return True

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = BounceServer(
        PATHS, note, host="127.0.0.1", port=port, condition=Condition(), telemetry=Telemetry(), tls=tls
    )
    running = asyncio.create_task(server.run())
    await server.listening.wait()
    recipient = PATHS.of(ids.message_id(uuid4(), "receipt", 1, "applicant", "email"))
    try:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, timeout=30) as clear:
            with pytest.raises(aiosmtplib.SMTPResponseException) as refused:
                await clear.mail("")
        assert refused.value.code == 530
        sealed = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, timeout=30)
        async with sealed:
            await sealed.starttls(tls_context=believing, server_hostname="notifier")
            await sealed.mail("")
            await sealed.rcpt(recipient)
            assert (await sealed.data(report("failed", "5.1.1"))).code == 250
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert len(noted) == 1
