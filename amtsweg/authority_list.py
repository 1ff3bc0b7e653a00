"""`amtsweg authority list | show`: who has access, through whom, and for which keys is sealed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer
from rich.table import Column, Table

from amtsweg.access_store import access
from amtsweg.authority_access import AuthorityArgument, KeyFolder, ways_in
from amtsweg.authority_way_in import ordered_suspensions, super_user
from amtsweg.language import said
from amtsweg.stack.errors import StackError
from amtsweg.stack.provision import kafka, suspension
from amtsweg.stack.provision.authority_keys import in_use
from amtsweg.stack.provision.grants import authority_login
from amtsweg.terminal import echo_json, plain_console
from shared.access import registration

Json = dict[str, Any]
_AsJson = Annotated[bool, typer.Option("--json", help="maschinenlesbar, Zeiten in UTC")]


def list_authorities(*, folder: KeyFolder = None, as_json: _AsJson = False) -> None:
    """Alle mit Zugang: womit, durch wen, und für welche Schlüssel verschlüsselt wird."""
    found = _documents(folder)
    if as_json:
        echo_json(found)
        return
    table = Table(
        Column(said(de="Behörde", en="Authority"), no_wrap=True),
        "Kafka",
        "HTTP",
        said(de="Schlüssel", en="Keys"),
        said(de="gesperrt", en="suspended"),
    )
    yes = said(de="ja", en="yes")
    for each in found:
        keys = ", ".join(str(key["kid"]) for key in each["encryptionKeys"])
        clients = ", ".join(str(client["id"]) for client in each["clients"])
        kafka_login = yes if each["kafka"]["login"] else "–"
        table.add_row(each["authority"], kafka_login, clients or "–", keys or "–", _shut(each))
    plain_console().print(table)


def _shut(told: Json) -> str:
    """Where the authority is shut out; an order of the console leaves the login at Kafka to the command."""
    where = {"HTTP": told["suspended"], "Kafka": told["kafka"]["refused"]}
    return ", ".join(name for name, shut in where.items() if shut)


def show(authority: AuthorityArgument, *, folder: KeyFolder = None) -> None:
    """Eine Behörde: Zugänge mit ihren Nachweisen, Kafka-Anmeldung, Schlüssel. JSON, Zeiten in UTC."""
    for each in _documents(folder):
        if each["authority"] == authority:
            echo_json(each)
            return
    raise StackError(
        said(
            de=f"{authority} hat keinen Zugang; `amtsweg authority add {authority}` gibt einen.",
            en=f"{authority} has no access; `amtsweg authority add {authority}` gives one.",
        )
    )


def _documents(folder: Path | None) -> list[Json]:
    now = datetime.now(UTC)
    endpoint = super_user()
    logins, refused = kafka.known_logins(endpoint), suspension.suspended(endpoint)
    keys = ways_in(folder).keys.all()
    rows = access(registration.everybody)
    ordered = ordered_suspensions(endpoint)
    clients = _clients(rows)
    everybody = {*keys, *clients} | {
        name.removeprefix("authority.") for name in logins if name.startswith("authority.")
    }
    return [
        {
            "authority": each,
            "suspended": each in ordered,
            "kafka": {
                "username": authority_login(each),
                "login": authority_login(each) in logins,
                "refused": authority_login(each) in refused,
            },
            "clients": clients.get(each, []),
            "encryptionKeys": [
                {"kid": key["kid"], "validUntil": _instant(key.get("exp"))}
                for key in in_use(keys.get(each, []), now=now)
            ],
        }
        for each in sorted(everybody)
    ]


def _clients(rows: Iterable[asyncpg.Record]) -> Mapping[str, list[Json]]:
    """The principals that act for each authority, with their credentials."""
    by_id: dict[str, Json] = {}
    serving: defaultdict[str, list[Json]] = defaultdict(list)
    for row in rows:
        if row["id"] not in by_id:
            by_id[row["id"]] = {
                "id": row["id"],
                "kind": row["kind"],
                "scopes": sorted(row["scopes"]),
                "revokedAt": _utc(row["revoked_at"]),
                "credentials": [],
            }
            for authority in row["authorities"]:
                serving[authority].append(by_id[row["id"]])
        if row["credential"] is not None:
            by_id[row["id"]]["credentials"].append(
                {
                    "id": row["credential"],
                    "type": "key" if row["is_key"] else "secret",
                    "validFrom": _utc(row["valid_from"]),
                    "validUntil": _utc(row["valid_until"]),
                }
            )
    return serving


def _utc(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _instant(seconds: float | None) -> str | None:
    return None if seconds is None else _utc(datetime.fromtimestamp(seconds, UTC))
