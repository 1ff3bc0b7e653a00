"""Where the local stack's messages end: mails as files of a Maildir, notices for a platform's mailboxes as JSON files.

`python -m amtsweg.stack.sink HOST SMTP-PORT MAILDIR HTTP-PORT FOLDER` runs both and sends nothing anywhere.
"""

import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import UUID, uuid4

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

_MOST_BYTES = 1024 * 1024


class _Mails:
    """A file for each mail, as it came, not synced to the disk, which all parts of the stack share: it would wait for every other."""

    def __init__(self, folder: Path) -> None:
        self._new, self._part = folder / "new", folder / "tmp"
        for made in (self._new, self._part, folder / "cur"):
            made.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd calls it so
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, answer: list[str]
    ) -> list[str]:
        """The server reads one command after the other, however many come at once, but does not say so (RFC 2920)."""
        session.host_name = hostname
        return [*answer[:-1], "250-PIPELINING", answer[-1]]

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd calls it so
        name = uuid4().hex
        part = self._part / name
        part.write_bytes((envelope.original_content or b"").replace(b"\r\n", b"\n"))
        part.replace(self._new / name)
        return "250 OK"


class MailboxServer(ThreadingHTTPServer):
    """Takes notices by signed webhook; the same id is the same file, its signature beside it. A real platform verifies it first."""

    def __init__(self, host: str, port: int, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = folder
        super().__init__((host, port), _Notices)


class _Notices(BaseHTTPRequestHandler):
    server: MailboxServer
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_POST(self) -> None:
        self._answer(self._take())

    def log_message(self, *_: object) -> None:
        """A request is no line: a notice is about a person."""

    def _take(self) -> HTTPStatus:
        try:
            name = UUID(self.headers.get("webhook-id", ""))
            length = int(self.headers.get("content-length", ""))
        except ValueError:
            return HTTPStatus.BAD_REQUEST
        if not 0 < length <= _MOST_BYTES:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        body = self.rfile.read(length)
        if len(body) < length:  # the sender has died; it comes again with the same id
            return HTTPStatus.BAD_REQUEST
        by = "\n".join(self.headers.get(f"webhook-{what}", "") for what in ("timestamp", "signature"))
        (self.server.folder / f"{name}.signature").write_text(by, encoding="utf-8")
        part = self.server.folder / f".{name}.part"
        part.write_bytes(body)
        part.replace(self.server.folder / f"{name}.json")
        return HTTPStatus.NO_CONTENT

    def _answer(self, status: HTTPStatus) -> None:
        self.close_connection = status is not HTTPStatus.NO_CONTENT
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


def main(host: str, smtp_port: str, maildir: str, http_port: str, folder: str) -> None:
    """Run until killed."""
    mails = Controller(_Mails(Path(maildir)), hostname=host, port=int(smtp_port))
    mails.start()
    try:
        MailboxServer(host, int(http_port), Path(folder)).serve_forever()
    finally:
        mails.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
