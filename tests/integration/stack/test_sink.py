"""The sink of the local stack takes mails and notices for mailboxes, each as one file."""

import json
import smtplib
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from http import HTTPStatus
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from amtsweg.stack import ports
from amtsweg.stack.mail import MailSink


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[MailSink]:
    part = MailSink(tmp_path, port=ports.free_port(), mailbox_port=ports.free_port())
    part.start()
    try:
        yield part
    finally:
        part.stop()


def test_mails_and_notices_lie_as_files(sink: MailSink) -> None:
    mail = EmailMessage()
    mail["To"] = "erika@example.org"
    mail.set_content("Guten Tag")
    with smtplib.SMTP(ports.LOOPBACK, sink.port, timeout=20) as server:
        server.send_message(mail, from_addr="amtsweg@amtsweg.example")
    (kept,) = (sink.maildir / "new").iterdir()
    assert kept.read_bytes() == mail.as_bytes()  # as it came: nothing is read, nothing is added

    notice, url = str(uuid4()), f"http://{ports.LOOPBACK}:{sink.mailbox_port}/mailboxes"
    for _ in range(2):  # offered twice it arrives once
        answer = httpx.post(url, json={"mailbox": "p-17"}, headers={"webhook-id": notice}, timeout=20)
        assert answer.status_code == HTTPStatus.NO_CONTENT
    (lies,) = sink.mailboxes.glob("*.json")
    assert (lies.name, json.loads(lies.read_bytes())) == (f"{notice}.json", {"mailbox": "p-17"})


def test_mails_whose_commands_come_together_lie_as_files(sink: MailSink) -> None:
    with smtplib.SMTP(ports.LOOPBACK, sink.port, timeout=20) as server:
        server.ehlo("test")
        assert server.has_extn("pipelining")
        for number in range(2):
            reset = "RSET\r\n" if number else ""
            server.send(f"{reset}MAIL FROM:<a@amtsweg.example>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n")
            envelope = [server.getreply()[0] for _ in range(4 if number else 3)]
            server.send(f"Subject: {number}\r\n\r\n..\r\n.\r\n")
            assert (envelope[-3:], server.getreply()[0]) == ([250, 250, 354], 250)
    kept = sorted(each.read_bytes() for each in (sink.maildir / "new").iterdir())
    assert kept == [b"Subject: 0\n\n.\n", b"Subject: 1\n\n.\n"]


@pytest.mark.parametrize("own_id", ["", "../../etc/passwd", "not-a-uuid"])
def test_a_notice_without_an_id_is_refused(sink: MailSink, own_id: str) -> None:
    url = f"http://{ports.LOOPBACK}:{sink.mailbox_port}/mailboxes"
    answer = httpx.post(url, json={}, headers={"webhook-id": own_id}, timeout=20)
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert list(sink.mailboxes.iterdir()) == []


def test_of_a_notice_that_breaks_off_nothing_is_kept(sink: MailSink) -> None:
    head = f"POST /mailboxes HTTP/1.1\r\nHost: sink\r\nwebhook-id: {uuid4()}\r\nContent-Length: 40\r\n\r\n"
    with socket.create_connection((ports.LOOPBACK, sink.mailbox_port), timeout=20) as sender:
        sender.sendall(head.encode() + b'{"mailbox": ')
        sender.shutdown(socket.SHUT_WR)
        assert sender.recv(64).startswith(b"HTTP/1.1 400 ")
    assert list(sink.mailboxes.iterdir()) == []
