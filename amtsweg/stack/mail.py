"""The mail sink: aiosmtpd keeps every message as one file of a Maildir and sends nothing anywhere."""

import smtplib
import sys
from pathlib import Path

from amtsweg.stack import ports
from amtsweg.stack.process import Command, Part


class MailSink(Part):
    niceness = 10  # elsewhere it would not be on this machine at all

    def __init__(self, var: Path, *, port: int) -> None:
        super().__init__("mail", var=var, port=port)
        self.maildir = var / "mail"

    def command(self) -> Command:
        listen = f"{ports.LOOPBACK}:{self.port}"
        handler = ["--class", "aiosmtpd.handlers.Mailbox", str(self.maildir)]
        return Command(
            arguments=[sys.executable, "-m", "aiosmtpd", "--nosetuid", "--listen", listen, *handler]
        )

    def ready(self) -> bool:
        try:
            with smtplib.SMTP(ports.LOOPBACK, self.port, timeout=1):
                return True
        except (OSError, smtplib.SMTPException):
            return False
