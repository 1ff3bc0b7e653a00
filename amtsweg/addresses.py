"""Addresses that the command is given, as options and in the environment: judged like those of the services."""

from typing import Annotated

import typer

from amtsweg.language import said
from shared.addresses import Unprotected, protected_url


def given_address(url: str | None) -> str | None:
    """The address as it is, or the end of the command where it is not protected; None where none was given."""
    try:
        return None if url is None else protected_url(url)
    except Unprotected as clear:
        raise typer.BadParameter(
            said(
                de=f"{clear.what} auf {clear.host}: außerhalb dieses Rechners nur mit geprüftem TLS; "
                f"erwartet wird {clear.instead}",
                en=str(clear),
            )
        ) from None
    except ValueError:
        raise typer.BadParameter(
            said(
                de="die Adresse beginnt mit https:// oder postgresql://, auf diesem Rechner auch mit http://",
                en="the address begins with https:// or postgresql://, on this machine also with http://",
            )
        ) from None


DatabaseUrlOption = Annotated[
    str | None, typer.Option(callback=given_address, help="Datenbank; sonst die des Stapels")
]
AuditUrlOption = Annotated[
    str | None, typer.Option(callback=given_address, help="Adresse der Prüfstelle; sonst die des Stapels")
]
