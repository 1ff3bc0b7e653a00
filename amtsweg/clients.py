"""`amtsweg client`: who may ask for access tokens, and for what; schema ``access`` is written here only."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from amtsweg.access_store import access, caution_without_access
from amtsweg.client_list import age, documents, table
from amtsweg.client_rules import kind_of, objection
from amtsweg.credentials import asked_credential, read_jwk, sealing_key, still_holds
from amtsweg.exit_status import ANSWERED_NO, MISTAKE
from amtsweg.language import said
from amtsweg.terminal import echo, echo_json, ended, plain_console
from shared.access import registration
from shared.access.principal import AUDIENCE_OF, SCOPES, Credential, Principal

commands = typer.Typer(no_args_is_help=True, help="Wer Zugriffstoken bekommt, und wofür.")

OVERLAP_DAYS: Final = 14.0
"""How long an old credential goes on beside the new one, if nothing else is said."""

ClientId = Annotated[str, typer.Argument(help="Kennung, zum Beispiel landesplattform oder klaerung-7")]
PublicKey = Annotated[
    Path | None,
    typer.Option(help="öffentlicher Schlüssel als JWK (private_key_jwt) statt eines Geheimnisses"),
]


@commands.command("add")
def add(
    client: ClientId,
    *,
    name: Annotated[str, typer.Option(help="wofür; bei Personen die Stelle, kein Name")],
    scope: Annotated[list[str], typer.Option(help=f"Recht: {', '.join(SCOPES)}; mehrfach")],
    kind: Annotated[
        str | None, typer.Option(help=f"Art: {', '.join(AUDIENCE_OF)}; ohne Angabe folgt sie aus dem Recht")
    ] = None,
    authority: Annotated[
        list[str] | None, typer.Option(help="Behörde, für die gehandelt wird; mehrfach")
    ] = None,
    public_key: PublicKey = None,
) -> None:
    """Anmelden; ohne Schlüssel wird ein Geheimnis gewürfelt und einmal gezeigt. Eine Kennung wird nie neu vergeben."""
    scopes, authorities = frozenset(scope), frozenset(authority or ())
    found = kind_of(scopes, asked=kind)
    problem = objection(client, kind=found, scopes=scopes, authorities=authorities)
    if found is None or problem is not None:
        raise ended(str(problem), MISTAKE)
    credential, shown = _credential(client, public_key, kind=found)
    added = Principal(
        id=client,
        kind=found,
        name=name,
        scopes=scopes,
        authorities=authorities,
        registered_at=credential.valid_from,
        credentials=(credential,),
    )
    if not access(lambda connection: registration.add(connection, added)):
        raise ended(
            said(
                de=f"{client} gibt es schon oder gab es; Kennungen werden nie neu vergeben. "
                f"Ein neues Geheimnis oder einen neuen Schlüssel gibt `amtsweg client rotate {client}`.",
                en=f"{client} exists or has existed; an id is never given again. "
                f"`amtsweg client rotate {client}` gives a new secret or key.",
            ),
            ANSWERED_NO,
        )
    echo(
        said(
            de=f"{client} ist angemeldet; spätestens in 30 Sekunden gilt es.{shown}",
            en=f"{client} is registered; it counts within 30 seconds.{shown}",
        )
    )
    if found == "provider":
        caution_without_access(authorities)


@commands.command("rotate")
def rotate(
    client: ClientId,
    *,
    public_key: PublicKey = None,
    overlap: Annotated[
        float, typer.Option(min=0, max=366, help="so viele Tage gilt der bisherige Nachweis noch")
    ] = OVERLAP_DAYS,
) -> None:
    """Einen neuen Nachweis geben; der bisherige gilt noch eine Weile, damit nichts ausfällt."""
    kind = access(lambda connection: registration.kind_of(connection, client))
    credential, shown = _credential(client, public_key, kind=kind)
    length = timedelta(days=overlap)
    if not access(
        lambda connection: registration.rotate(connection, client, credential=credential, overlap=length)
    ):
        raise ended(
            said(
                de=f"{client} gibt es nicht, es ist gesperrt, oder es hatte schon einen Nachweis {credential.id}. "
                "Siehe `amtsweg client list`.",
                en=f"{client} does not exist, is revoked, or has had a credential {credential.id}. "
                "See `amtsweg client list`.",
            ),
            ANSWERED_NO,
        )
    until = still_holds(length, now=credential.valid_from)
    echo(
        said(
            de=f"{client} hat den Nachweis {credential.id}; der bisherige gilt {until}.{shown}",
            en=f"{client} has the credential {credential.id}; the one before holds {until}.{shown}",
        )
    )


@commands.command("seal-to")
def seal_to(
    client: ClientId,
    *,
    public_key: Annotated[Path, typer.Option(help="öffentlicher Schlüssel als JWK (ECDH-ES oder RSA-OAEP)")],
    overlap: Annotated[
        float, typer.Option(min=0, max=366, help="so viele Tage wird auch für bisherige Schlüssel versiegelt")
    ] = OVERLAP_DAYS,
) -> None:
    """Den Schlüssel eintragen, für den Behörden Aktenzeichen, Texte und Dokumente ihrer Antworten versiegeln."""
    try:
        key = sealing_key(read_jwk(public_key))
    except ValueError as error:
        raise ended(
            said(
                de=f"--public-key {public_key}: Erwartet wird der öffentliche Teil eines Schlüssels als JWK: RSA ab "
                "3072 Bit, EC P-256 oder P-384, oder X25519.",
                en=f"--public-key {public_key}: {error}. Expected is the public part of a key as JWK.",
            ),
            MISTAKE,
        ) from None
    length = timedelta(days=overlap)
    if not access(lambda connection: registration.seal_to(connection, client, key=key, overlap=length)):
        raise ended(
            said(
                de=f"{client} gibt es nicht, es ist gesperrt, oder es hatte schon einen Schlüssel {key['kid']}. "
                "Siehe `amtsweg client list`.",
                en=f"{client} does not exist, is revoked, or has had a key {key['kid']}. "
                "See `amtsweg client list`.",
            ),
            ANSWERED_NO,
        )
    echo(
        said(
            de=f"Für {client} wird spätestens in 30 Sekunden auch mit dem Schlüssel {key['kid']} versiegelt.",
            en=f"Within 30 seconds is also sealed to the key {key['kid']} for {client}.",
        )
    )


@commands.command("revoke")
def revoke(
    client: ClientId,
    *,
    credential: Annotated[
        str | None, typer.Option(help="nur diesen Nachweis beenden (Kennung aus der Liste)")
    ] = None,
) -> None:
    """Für immer sperren: spätestens nach einer Minute öffnet auch ein Token nichts mehr, das schon da ist."""
    if credential is not None:
        if not access(lambda found: registration.end_credential(found, client, credential=credential)):
            raise ended(
                said(
                    de=f"{client} hat keinen gültigen Nachweis {credential}. Siehe `amtsweg client list`.",
                    en=f"{client} has no credential {credential} in force. See `amtsweg client list`.",
                ),
                ANSWERED_NO,
            )
        echo(
            said(
                de=f"Der Nachweis {credential} von {client} gilt nicht mehr.",
                en=f"The credential {credential} of {client} holds no more.",
            )
        )
        return
    if not access(lambda connection: registration.revoke(connection, client)):
        raise ended(
            said(
                de=f"{client} gibt es nicht, oder es ist schon gesperrt.",
                en=f"{client} does not exist, or is revoked already.",
            ),
            ANSWERED_NO,
        )
    echo(
        said(
            de=f"{client} ist gesperrt; spätestens nach einer Minute an jeder Tür.",
            en=f"{client} is revoked; within a minute at every door.",
        )
    )


@commands.command("list")
def list_clients(
    *,
    older_than: Annotated[
        int, typer.Option(min=0, help="nur gültige Nachweise, die so viele Tage alt sind")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="maschinenlesbar, Zeiten in UTC")] = False,
) -> None:
    """Alle, auch die gesperrten, die ältesten Nachweise zuerst."""
    now = datetime.now(UTC)
    rows = [row for row in access(registration.everybody) if not older_than or age(row, now) >= older_than]
    if as_json:
        echo_json(list(documents(rows)))
    else:
        plain_console().print(table(rows, now=now))


def _credential(client: str, public_key: Path | None, *, kind: str | None) -> tuple[Credential, str]:
    """The new credential, and what is said about it once."""
    try:
        return asked_credential(client, public_key, kind=kind, now=datetime.now(UTC))
    except ValueError as error:
        raise ended(str(error), MISTAKE) from None
