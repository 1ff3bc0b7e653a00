"""`amtsweg audit close` and `open`: a log ends with its year, and the next one begins with its last checkpoint."""

import asyncio
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from amtsweg.addresses import DatabaseUrlOption
from amtsweg.audit.rebuild import PasswordOption
from amtsweg.audit.trust import KeyOption, PolicyOption, policy_of
from amtsweg.exit_status import ANSWERED_NO
from amtsweg.input_words import failed_words
from amtsweg.language import said
from amtsweg.named_file import secret_in
from amtsweg.servers_asked import asked_pool
from amtsweg.stack.description import StackDescription
from amtsweg.terminal import echo, ended
from services.audit.adapters.key_files import read_secrecy
from services.audit.adapters.postgres import SCHEMA, shards
from services.audit.adapters.postgres.committed import PostgresLog
from services.audit.adapters.postgres.ledger import PostgresLedgers
from services.audit.adapters.proofs import Proofs
from services.audit.adapters.tile_folder import TileFolder
from services.audit.domain.access_log import SOURCE
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.policy import open_checkpoint
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.pseudonyms import NONCE_BYTES, Pseudonymizer
from services.audit.handler.rollover import LogSuccession
from services.audit.handler.sequence import Sequencer
from shared.errors import Stopped
from shared.postgres.pool import Pool

_WAIT_SECONDS = 60.0
_EVERY_SECONDS = 0.2

ShardSecretOption = Annotated[
    Path, typer.Option(help="Datei mit dem Geheimnis des Protokolls", exists=True, dir_okay=False)
]


def close(
    *,
    origin: Annotated[str, typer.Option(help="Name des Protokolls, das endet")],
    postgres_url: DatabaseUrlOption = None,
    password_file: PasswordOption = None,
) -> None:
    """Schließt ein Protokoll: Nichts kommt mehr hinzu. Wartet auf den letzten unterschriebenen Stand."""
    url, password = _database(postgres_url, password_file)
    size = asyncio.run(_close(origin, url=url, password=password))
    echo(
        said(
            de=f"{origin} ist mit {size} Einträgen geschlossen, der letzte Stand ist unterschrieben.",
            en=f"{origin} is closed with {size} entries, the last checkpoint is signed.",
        )
    )


def open_next(
    *,
    origin: Annotated[str, typer.Option(help="Name des neuen Protokolls")],
    tiles: Annotated[Path, typer.Option(help="Ordner des geschlossenen Protokolls", exists=True)],
    old_pseudonym_key_file: ShardSecretOption,
    pseudonym_key_file: ShardSecretOption,
    log_key: KeyOption = None,
    policy: PolicyOption = None,
    postgres_url: DatabaseUrlOption = None,
    password_file: PasswordOption = None,
) -> None:
    """Eröffnet das nächste Protokoll: Der erste Eintrag nennt den letzten Stand des alten; Offenes geht mit."""
    url, password = _database(postgres_url, password_file)
    old, new = _secrets(old_pseudonym_key_file, pseudonym_key_file)
    _, note = asyncio.run(Proofs(TileFolder(tiles)).checkpoint())
    last = open_checkpoint(note, policy_of(log_key, policy))
    try:
        carried = asyncio.run(_open(origin, last, note, old=old, new=new, url=url, password=password))
    except Stopped as failed:
        raise ended(failed_words(failed), ANSWERED_NO) from None
    echo(
        said(
            de=f"{origin} ist eröffnet; Eintrag 0 nennt {last.origin} mit {last.size} Einträgen.",
            en=f"{origin} is open; entry 0 names {last.origin} with {last.size} entries.",
        )
    )
    echo(said(de=f"{carried} offene Vorgänge sind übernommen.", en=f"{carried} open cases are carried over."))


async def _close(origin: str, *, url: str, password: str | None) -> int:
    async with await asked_pool(url, schema=SCHEMA, password=password, size=2) as pool:
        size = await shards.close(pool, origin)
        if not size:
            raise ProofRefused(f"there is no log {origin}, or it is empty")
        until = time.monotonic() + _WAIT_SECONDS
        while not await shards.is_published(pool, origin):
            if time.monotonic() > until:
                raise ProofRefused(
                    f"{origin} is closed, but its last checkpoint is not published; let the service run until "
                    "it is, then repeat this command"
                )
            await asyncio.sleep(_EVERY_SECONDS)
    return size


async def _open(
    origin: str,
    last: Checkpoint,
    note: bytes,
    *,
    old: Pseudonymizer,
    new: Pseudonymizer,
    url: str,
    password: str | None,
) -> int:
    async with await asked_pool(url, schema=SCHEMA, password=password, size=2) as pool:
        known = old.unwrap(await _known_events(pool, last))
        await PostgresLog(pool, origin=origin, source=SOURCE).found(
            new.wrap(known, nonce=os.urandom(NONCE_BYTES))
        )
        succession = LogSuccession(
            old=old,
            new=new,
            origin=origin,
            sequencer=Sequencer(secrecy=new, random_bytes=os.urandom),
            ledgers=PostgresLedgers(pool, origin=origin),
            cases=shards.PostgresOpenCases(pool, old=last.origin, new=origin),
            clock=lambda: datetime.now(UTC),
            random_bytes=os.urandom,
        )
        return await succession.open(last, note)


async def _known_events(pool: Pool, last: Checkpoint) -> bytes:
    """What the closed log hands on to the next one."""
    row = await pool.fetchrow(
        "select size, root, closed_at, known_events from logs where origin = $1", last.origin
    )
    if row is None or row["closed_at"] is None:
        raise ProofRefused(f"{last.origin} is not closed: amtsweg audit close")
    if (row["size"], row["root"]) != (last.size, last.root):
        raise ProofRefused(
            f"{last.origin} has {row['size']} entries; its published checkpoint covers {last.size}"
        )
    if row["known_events"] is None:
        raise ProofRefused(f"{last.origin} was rebuilt from files; start its service once")
    return bytes(row["known_events"])


def _secrets(old: Path, new: Path) -> tuple[Pseudonymizer, Pseudonymizer]:
    secrets = read_secrecy(old), read_secrecy(new)
    if secrets[0] == secrets[1]:
        raise ProofRefused("the new log needs a secret of its own")
    return secrets


def _database(postgres_url: str | None, password_file: Path | None) -> tuple[str, str | None]:
    url = postgres_url or StackDescription.read().postgres.url
    return url, None if password_file is None else secret_in(password_file)
