"""`amtsweg authority add | rotate | revoke | serve`: who reads and answers for whom, and with what."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import TypeAdapter, ValidationError

from amtsweg.access_store import access, caution_without_access
from amtsweg.authority_way_in import OVERLAP, Handed, WaysIn, super_user
from amtsweg.credentials import read_jwk, still_holds
from amtsweg.directory import published
from amtsweg.directory.proposal import Tables
from amtsweg.language import said
from amtsweg.stack.description import stack_folder
from amtsweg.stack.errors import StackError, WrongCallError
from amtsweg.terminal import echo
from services.router.domain.directory.versions import Versions
from shared.access import registration
from shared.events.payload import AuthorityId

_AN_AUTHORITY: Final[TypeAdapter[str]] = TypeAdapter(AuthorityId)


def check_id(authority: str) -> str:
    """The id; raises WrongCallError where no authority could have it."""
    try:
        _AN_AUTHORITY.validate_python(authority)
    except ValidationError:
        raise WrongCallError(
            said(
                de=f"{authority}: eine Kennung sieht aus wie g-06531005 oder ihk-giessen-friedberg.",
                en=f"{authority}: an id looks like g-06531005 or ihk-giessen-friedberg.",
            )
        ) from None
    return authority


AuthorityArgument = Annotated[str, typer.Argument(help="Kennung, zum Beispiel g-06531005", callback=check_id)]
KeyFolder = Annotated[
    Path | None,
    typer.Option(help="wo die Schlüssel liegen, je Inhaber ein Ordner; sonst die des lokalen Stapels"),
]
_ClientId = Annotated[str | None, typer.Option(help="Kennung des HTTP-Zugangs; sonst die der Behörde")]
_PublicKey = Annotated[
    Path | None,
    typer.Option(help="öffentlicher Schlüssel (JWK), für den verschlüsselt wird; sonst wird einer gemacht"),
]
_ClientKey = Annotated[
    Path | None, typer.Option(help="öffentlicher Schlüssel (JWK) für private_key_jwt; sonst ein Geheimnis")
]


def add(
    authority: Annotated[list[str] | None, typer.Argument(help="Kennungen, zum Beispiel g-06531005")] = None,
    *,
    from_directory: Annotated[
        bool,
        typer.Option(
            help="alle, die im veröffentlichten Verzeichnis stehen, auch erst künftig, und keinen Zugang haben"
        ),
    ] = False,
    unlisted: Annotated[
        bool,
        typer.Option(help="auch, wenn weder das Verzeichnis noch eine veröffentlichte Änderung sie nennt"),
    ] = False,
    public_key: _PublicKey = None,
    client_key: _ClientKey = None,
    client_id: _ClientId = None,
    folder: KeyFolder = None,
) -> None:
    """Zugang geben: Eingang, Kafka-Anmeldung (nur lesen), HTTP-Zugang, Schlüssel. Eine Datei nennt alles."""
    wanted = [*(authority or ()), *(_without_access() if from_directory else ())]
    if not wanted and not from_directory:
        raise WrongCallError(
            said(
                de="Welche Behörde? Kennung nennen, oder --from-directory.",
                en="name an authority, or --from-directory.",
            )
        )
    if len(wanted) > 1 and (public_key or client_key or client_id):
        raise WrongCallError(
            said(
                de="Schlüssel und Kennung gelten für eine Behörde.",
                en="keys and client id are for one authority.",
            )
        )
    for each in wanted:
        check_id(each)
    if authority and not unlisted:
        _check_listed(authority)
    ways = ways_in(folder)
    handed = Handed(_jwk(public_key), _jwk(client_key))
    for each in wanted:
        path = ways.add(each, client_id=client_id or each, handed=handed)
        echo(
            said(
                de=f"{each} hat Zugang; in 30 Sekunden gilt er überall. Vertraulich übergeben: {path}",
                en=f"{each} has access; within 30 seconds it counts everywhere. Hand over in confidence: {path}",
            )
        )
    if not wanted:
        echo(said(de="Alle haben schon Zugang.", en="All of them have access."))


def rotate(
    authority: AuthorityArgument,
    *,
    client: Annotated[bool, typer.Option(help="den HTTP-Zugang: neues Geheimnis, oder --client-key")] = False,
    password: Annotated[bool, typer.Option(help="das Kafka-Passwort; das alte endet sofort")] = False,
    encryption: Annotated[
        bool, typer.Option(help="den Schlüssel, für den verschlüsselt wird, oder --public-key")
    ] = False,
    public_key: _PublicKey = None,
    client_key: _ClientKey = None,
    client_id: _ClientId = None,
    overlap: Annotated[
        float, typer.Option(min=0, max=366, help="so viele Tage gilt das Bisherige noch (nicht bei Kafka)")
    ] = OVERLAP.days,
    folder: KeyFolder = None,
) -> None:
    """Nachweise erneuern; der bisherige gilt noch eine Weile, damit nichts ausfällt."""
    client, encryption = client or client_key is not None, encryption or public_key is not None
    if not (client or password or encryption):
        raise WrongCallError(
            said(
                de="Was? --client, --password, --encryption (auch mehrere).",
                en="what? --client, --password, --encryption (or several).",
            )
        )
    ways, length, own_id = ways_in(folder), timedelta(days=overlap), client_id or authority
    path, until = None, still_holds(length, now=datetime.now(UTC))
    if encryption:
        kid = ways.seal_for(authority, _jwk(public_key), overlap=length)
        echo(
            said(
                de=f"Verschlüsselt wird für {kid}; für den bisherigen Schlüssel {until}.",
                en=f"Sealed for {kid} from now on; for the key before {until}.",
            )
        )
        path = ways.describe(authority, client_id=client_id, secret=None)
    if client:
        path = ways.new_client(authority, client_id=own_id, key=_jwk(client_key), overlap=length)
        echo(
            said(
                de=f"Der bisherige HTTP-Nachweis gilt {until}.",
                en=f"The HTTP credential before holds {until}.",
            )
        )
    if password:
        path = ways.new_password(authority, client_id=own_id if client else client_id)
        echo(
            said(
                de="Das bisherige Kafka-Passwort gilt nicht mehr.",
                en="The Kafka password before holds no more.",
            )
        )
    echo(said(de=f"Vertraulich übergeben: {path}", en=f"Hand over in confidence: {path}"))


def revoke(
    authority: AuthorityArgument,
    *,
    client_id: _ClientId = None,
    credential: Annotated[str | None, typer.Option(help="nur diesen HTTP-Nachweis beenden")] = None,
    key: Annotated[
        str | None, typer.Option(help="nur für diesen Schlüssel (kid) nicht mehr verschlüsseln")
    ] = None,
    folder: KeyFolder = None,
) -> None:
    """Für immer sperren: bei Kafka sofort, auch offene Verbindungen; über HTTP binnen einer Minute. Der Eingang bleibt."""
    own_id = client_id or authority
    ways = ways_in(folder)
    if key is not None:
        if not ways.keys.end(authority, kid=key, at=datetime.now(UTC)):
            raise StackError(
                said(de=f"{authority} hat keinen Schlüssel {key}.", en=f"{authority} has no key {key}.")
            )
        echo(
            said(de=f"Für {key} wird nicht mehr verschlüsselt.", en=f"Nothing is sealed for {key} any more.")
        )
    elif credential is not None:
        ended = access(lambda found: registration.end_credential(found, own_id, credential=credential))
        if not ended:
            raise StackError(
                said(
                    de=f"{own_id} hat keinen gültigen Nachweis {credential}.",
                    en=f"{own_id} has no valid credential {credential}.",
                )
            )
        echo(
            said(
                de=f"Der Nachweis {credential} gilt nicht mehr.", en=f"The credential {credential} has ended."
            )
        )
    else:
        over_http = ways.revoke(authority, client_id=own_id)
        told = (
            ""
            if over_http
            else said(de=" (über HTTP war es schon gesperrt)", en=" (over HTTP it was already)")
        )
        echo(said(de=f"{authority} ist gesperrt{told}.", en=f"{authority} is revoked{told}."))


def serve(
    provider: Annotated[
        str, typer.Argument(help="Kennung eines Dienstleisters (`amtsweg client add --kind provider`)")
    ],
    authority: Annotated[list[str], typer.Argument(help="Behörden, für die er handelt")],
    *,
    no_more: Annotated[bool, typer.Option(help="für diese nicht mehr")] = False,
) -> None:
    """Einen Dienstleister für weitere Behörden handeln lassen: ein Zugang, ein Eingang über alle."""
    for each in authority:
        check_id(each)
    also, ended = ((), authority) if no_more else (authority, ())
    served = access(lambda connection: registration.serve(connection, provider, also=also, no_more=ended))
    if served is None:
        raise StackError(said(de=f"{provider} ist kein Dienstleister.", en=f"{provider} is no provider."))
    echo(
        said(
            de=f"{provider} handelt für {len(served)} Behörden.",
            en=f"{provider} acts for {len(served)} authorities.",
        )
    )
    caution_without_access(also)


def named_by(versions: Versions, now: datetime) -> frozenset[str]:
    """Whom the version in force names, or one that will be, and who has not ended: they need access before it is."""
    counting = [versions.at(now), *versions.pending(now)] if versions.published else []
    return frozenset(
        authority.id
        for version in counting
        for authority in Tables.of_version(version).directory().authorities.values()
        if authority.days.last >= now.date()
    )


async def _named() -> frozenset[str]:
    return named_by((await published.read(super_user().address())).versions, datetime.now(UTC))


def _check_listed(authorities: Sequence[str]) -> None:
    """Before anything is made: a slip of the pen would leave topics, a login and keys of nobody."""
    if missing := ", ".join(sorted(set(authorities) - asyncio.run(_named()))):
        raise WrongCallError(
            said(
                de=f"{missing}: weder das geltende Verzeichnis noch eine veröffentlichte Änderung nennt das. "
                "Ist es richtig, erst die Änderung veröffentlichen (`amtsweg directory apply`), oder --unlisted.",
                en=f"{missing}: neither the directory in force nor a published change names this. "
                "If it is right, publish the change first (`amtsweg directory apply`), or give --unlisted.",
            )
        )


def _without_access() -> Sequence[str]:
    """Whom the published directory names and nobody acts for."""
    known = {each for row in access(registration.everybody) for each in row["authorities"]}
    return sorted(asyncio.run(_named()) - known)


def ways_in(folder: Path | None) -> WaysIn:
    """The keys in this folder, else in that of the local stack."""
    return WaysIn(folder or stack_folder() / "keys")


def _jwk(path: Path | None) -> Mapping[str, Any] | None:
    return None if path is None else read_jwk(path)
