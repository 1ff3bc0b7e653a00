"""`var/stack.json`: where the running stack is reached, and the credentials of its first users.

It is there while the stack runs, readable by its owner only; the demo, the tests, the benchmarks and a
developer's own scripts start from it.
"""

import os
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from amtsweg.language import said
from amtsweg.stack.errors import NoStackError
from shared.bounded_files import LARGE, read_bounded
from shared.kafka.client import KafkaAddress

FOLDER_VARIABLE = "AMTSWEG_VAR"


def stack_folder() -> Path:
    """Where the local stack keeps its state: `--var`, `AMTSWEG_VAR`, else `var` in the working folder."""
    return Path(os.environ.get(FOLDER_VARIABLE) or "var")


class _Described(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True)


class KafkaLogin(_Described):
    username: str
    password: str


class KafkaDescription(_Described):
    """`admin` may do anything; every other party has a login of its own, and an operator has one for each duty."""

    bootstrap: str
    security_protocol: str
    sasl_mechanism: str
    admin: KafkaLogin
    operators: dict[str, KafkaLogin]

    @property
    def address(self) -> KafkaAddress:
        """Where it is, for its admin."""
        return KafkaAddress(
            bootstrap=self.bootstrap,
            security_protocol=self.security_protocol,
            username=self.admin.username,
            password=self.admin.password,
        )


class AuthorityDescription(_Described):
    """What one authority needs to take part: its login reads its own inbox, its client answers over HTTP."""

    username: str
    password: str
    inbox_topic: str
    group: str
    client_id: str
    secret: str
    decryption_key_file: Path


class ClientDescription(_Described):
    """A platform client: it proves itself with a secret, or with a key (private_key_jwt, RFC 7523).

    `decryption_key_file` opens what authorities have sealed for it.
    """

    client_id: str
    secret: str | None = None
    private_key_file: Path | None = None
    decryption_key_file: Path


class DeskDescription(_Described):
    """A person of the clearing desk: a token for scope `desk` opens `/v1/parked` at the desk."""

    client_id: str
    secret: str


class SignInDescription(_Described):
    """Where people sign in to the pages, and the sample persons: by id, what each does. Nobody has a password."""

    issuer: str
    persons: dict[str, str]


class AuditorDescription(_Described):
    """Whose token opens timelines; each look states a purpose and becomes a leaf."""

    name: str
    token: str


class SmtpDescription(_Described):
    """The sink of the demo: every message it takes lies as one file in `maildir`, or in a folder beside it."""

    host: str
    port: int
    maildir: Path

    @property
    def mailboxes(self) -> Path:
        """A file for each notice to a platform's mailbox."""
        return self.maildir.with_name("mailboxes")

    @property
    def letters(self) -> Path:
        """A PDF for each letter."""
        return self.maildir.with_name("letters")


class AuditDescription(_Described):
    """How a stranger verifies the log: base URL, its origin, the key, the same tiles as files.

    `policy_file` (C2SP tlog-policy) names the witnesses too, and how many of them are enough. `pseudonym_key_file` is
    the operator's alone: without it nothing in the log has a name.
    """

    log_url: str
    origin: str
    verifier_key: str
    policy_file: Path
    tile_directory: Path
    pseudonym_key_file: Path
    entry_token: str


class PostgresDescription(_Described):
    """One role per schema; `url` holds the super user and the password."""

    host: str
    port: int
    database: str
    url: str


class Urls(_Described):
    """Base URLs, without a slash at the end. `router` are the authorities' doors, `desk` the clearing desk."""

    intake: str
    router: str
    desk: str
    notifier: str
    audit: str


class StackDescription(_Described):
    urls: Urls
    kafka: KafkaDescription
    postgres: PostgresDescription
    redis_url: str
    authorities: dict[str, AuthorityDescription]
    clients: dict[str, ClientDescription]
    desk: DeskDescription
    sign_in: SignInDescription
    auditor: AuditorDescription
    smtp: SmtpDescription
    audit: AuditDescription

    @classmethod
    def path(cls, var: Path | None = None) -> Path:
        return (var or stack_folder()) / "stack.json"

    @classmethod
    def read(cls, var: Path | None = None) -> Self:
        """The running stack's description.

        Raises:
            NoStackError: no stack runs below `var`.
        """
        path = cls.path(var)
        try:
            return cls.model_validate_json(read_bounded(path, most=LARGE))
        except FileNotFoundError:
            raise NoStackError(_none(path)) from None

    def write(self, var: Path | None = None) -> None:
        """Replace the file in one step, so that a reader never sees half of it."""
        new = self.path(var).with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(self.model_dump_json(by_alias=True, indent=2) + "\n")
        new.replace(self.path(var))


def _none(path: Path) -> str:
    return said(
        de=f"Kein laufender Stapel ({path} gibt es nicht): starten Sie ihn mit `amtsweg up`, nennen Sie seinen Ordner "
        "mit --var, oder nennen Sie mit Optionen, was er sonst sagt.",
        en=f"No running stack ({path} does not exist): start one with `amtsweg up`, name its folder with --var, or "
        "name by options what it would say.",
    )
