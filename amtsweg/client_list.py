"""How `amtsweg client list` shows principals and their credentials: as a table, and as JSON."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any

import asyncpg
from rich.table import Column, Table
from rich.text import Text

from amtsweg.language import language, said
from shared.local_time import local_time, utc


def table(rows: Iterable[asyncpg.Record], *, now: datetime) -> Table:
    """A line for each credential; what people wrote is shown as it is, never as markup."""
    shown = Table(
        Column(said(de="Kennung", en="Id"), no_wrap=True),
        said(de="Art", en="Kind"),
        "Name",
        said(de="Rechte", en="Scopes"),
        said(de="Behörden", en="Authorities"),
        said(de="Nachweis", en="Credential"),
        said(de="Tage", en="Days"),
        said(de="gesperrt", en="revoked"),
    )
    for row in rows:
        revoked = local_time(row["revoked_at"], language()) if row["revoked_at"] else ""
        cells = (
            row["id"],
            row["kind"],
            row["name"],
            " ".join(row["scopes"]),
            " ".join(row["authorities"]),
            _credential(row, now),
            str(max(age(row, now), 0)),
            revoked,
        )
        shown.add_row(*map(Text, cells))
    return shown


def age(row: asyncpg.Record, now: datetime) -> int:
    """Days since the credential began; -1 where none is valid."""
    began, until = row["valid_from"], row["valid_until"]
    if row["revoked_at"] or began is None or (until and until <= now):
        return -1
    return int((now - began).days)


def _credential(row: asyncpg.Record, now: datetime) -> str:
    if row["credential"] is None:
        return ""
    until = row["valid_until"]
    ending = "" if until is None else f" ({said(de='bis', en='until')} {local_time(until, language())})"
    ended = said(de=" (beendet)", en=" (ended)")
    return f"{row['credential']}{ending if until is None or until > now else ended}"


def documents(rows: Iterable[asyncpg.Record]) -> Iterable[dict[str, Any]]:
    for own_id, found in groupby(sorted(rows, key=lambda row: str(row["id"])), key=lambda row: row["id"]):
        credentials = list(found)
        first = credentials[0]
        yield {
            "id": own_id,
            "kind": first["kind"],
            "name": first["name"],
            "scopes": first["scopes"],
            "authorities": first["authorities"],
            "registeredAt": _instant(first["registered_at"]),
            "revokedAt": _instant(first["revoked_at"]),
            "credentials": [
                {
                    "id": each["credential"],
                    "type": "key" if each["is_key"] else "secret",
                    "validFrom": _instant(each["valid_from"]),
                    "validUntil": _instant(each["valid_until"]),
                }
                for each in credentials
                if each["credential"] is not None
            ],
        }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else utc(at)
