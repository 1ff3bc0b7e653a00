"""`amtsweg authority key-file`: an authority's private key, protected by a password, for the clerk's page."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from amtsweg.input_words import reason
from amtsweg.language import said
from amtsweg.named_file import WrongFile, object_in, secret_in
from amtsweg.new_file import require_free, write_new
from amtsweg.stack.description import StackDescription, stack_folder
from amtsweg.stack.errors import WrongCallError
from amtsweg.terminal import echo
from shared.crypto.key_file import protect
from shared.crypto.key_strength import strong_key


def key_file(
    authority: Annotated[str, typer.Argument(help="Kennung, zum Beispiel g-06531005")],
    key: Annotated[
        Path | None, typer.Option(help="privater Schlüssel (JWK); sonst der des lokalen Stapels")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Schlüsseldatei; sonst AUTHORITY.amtsweg-key")] = None,
    password_file: Annotated[
        Path | None, typer.Option(help="Datei mit dem Passwort; sonst wird es erfragt")
    ] = None,
) -> None:
    """Schlüsseldatei für die Seite der Sachbearbeitung schreiben: der private Schlüssel, mit einem Passwort geschützt."""
    target = output or Path(f"{authority}.amtsweg-key")
    require_free(target)
    try:
        document = object_in(_key_path(authority, key))
        for each in document.get("keys", [document]):
            if not strong_key(each, use="sealing").is_private:
                raise WrongFile(_not_private(each.get("kid")))  # noqa: TRY301 - told like the others
        text = protect(document, password=_password(password_file))
    except (OSError, WrongFile) as bad:
        raise WrongCallError(f"{authority}: {reason(bad)}") from bad
    except ValueError as bad:
        raise WrongCallError(said(de=f"{authority}: `{bad}`", en=f"{authority}: {bad}")) from bad
    write_new(target, f"{text}\n".encode(), private=True)
    echo(
        said(
            de=f"{target} ist geschrieben. Datei und Passwort getrennt weitergeben.",
            en=f"{target} is written. Hand over file and password separately.",
        )
    )


def _not_private(kid: str | None) -> str:
    return said(
        de=f"Schlüssel {kid}: erwartet wird ein privater, dieser ist öffentlich",
        en=f"key {kid}: a private key is expected, this one is public",
    )


def _key_path(authority: str, key: Path | None) -> Path:
    if key is not None:
        return key
    try:
        stack = StackDescription.read(stack_folder())
    except FileNotFoundError:
        raise WrongCallError(
            said(
                de="Kein laufender Stapel: mit --key den privaten Schlüssel nennen.",
                en="no running stack: name the private key with --key.",
            )
        ) from None
    if authority not in stack.authorities:
        raise WrongCallError(
            said(
                de=f"{authority}: Im lokalen Stapel gibt es diese Stelle nicht.",
                en=f"{authority}: no such authority in the local stack.",
            )
        )
    return stack.authorities[authority].decryption_key_file


def _password(file: Path | None) -> str:
    if file is not None:
        return secret_in(file)
    first = getpass.getpass(
        said(de="Passwort (mindestens 12 Zeichen): ", en="Password (12 characters at least): ")
    )
    if first != getpass.getpass(said(de="Noch einmal: ", en="Once more: ")):
        raise WrongCallError(said(de="Die Passwörter sind verschieden.", en="The passwords differ."))
    return first
