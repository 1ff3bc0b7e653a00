"""The sink of messages: mails lie as files of a Maildir, notices for the platform's mailboxes as JSON files."""

import smtplib
import socket
import sys
from pathlib import Path

from amtsweg.stack import ports
from amtsweg.stack.process import Command, Part


class MailSink(Part):
    niceness = 10  # elsewhere it would not be on this machine at all

    def __init__(self, var: Path, *, port: int, mailbox_port: int) -> None:
        super().__init__("mail", var=var, port=port)
        self.mailbox_port = mailbox_port
        self.maildir = var / "mail"
        self.mailboxes = var / "mailboxes"

    def command(self) -> Command:
        mails = (ports.LOOPBACK, str(self.port), self.maildir)
        mailboxes = (str(self.mailbox_port), self.mailboxes)
        return Command(arguments=[sys.executable, "-m", "amtsweg.stack.sink", *mails, *mailboxes])

    def ready(self) -> bool:
        try:
            with smtplib.SMTP(ports.LOOPBACK, self.port, timeout=1):
                pass
            with socket.create_connection((ports.LOOPBACK, self.mailbox_port), timeout=1):
                return True
        except (OSError, smtplib.SMTPException):
            return False
