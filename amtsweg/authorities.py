"""`amtsweg authority`: an authority's access over Kafka and HTTP; shut out at once, let in again, and what it may take."""

import asyncio
from typing import Annotated, Final

import typer

from amtsweg.authority_access import AuthorityArgument, add, revoke, rotate, serve
from amtsweg.authority_list import list_authorities, show
from amtsweg.authority_way_in import access, super_user
from amtsweg.conformance.command import check_authority
from amtsweg.key_file import key_file
from amtsweg.language import said
from amtsweg.operator_orders import OPERATOR, put_on_record
from amtsweg.stack.errors import StackError
from amtsweg.stack.provision import suspension
from amtsweg.stack.provision.quotas import QUOTAS, set_quota
from shared.access import registration
from shared.errors import Unavailable
from shared.events.operation import ResumeOrdered, SuspendOrdered

commands = typer.Typer(no_args_is_help=True, help="Zugang von Behörden: geben, erneuern, sperren, ansehen.")
commands.command("list")(list_authorities)
commands.command("show")(show)
commands.command("add")(add)
commands.command("rotate")(rotate)
commands.command("revoke")(revoke)
commands.command("serve")(serve)
commands.command("key-file")(key_file)
commands.command("check")(check_authority)

_HTTP_SECONDS: Final = 60


@commands.command("suspend")
def suspend(authority: AuthorityArgument) -> None:
    """Sperren: bei Kafka sofort, auch offene Verbindungen; über HTTP binnen einer Minute. Der Eingang wartet."""
    suspension.suspend(super_user(), authority)
    access(lambda connection: registration.suspend(connection, authority))
    _on_record(SuspendOrdered(authority=authority, principal=OPERATOR))
    typer.echo(
        said(
            de=f"{authority} ist gesperrt: bei Kafka ab sofort, über HTTP spätestens in {_HTTP_SECONDS} Sekunden.",
            en=f"{authority} is suspended: over Kafka from now on, over HTTP within {_HTTP_SECONDS} seconds.",
        )
    )


@commands.command("resume")
def resume(authority: AuthorityArgument) -> None:
    """Wieder öffnen: was inzwischen kam, liegt im Eingang."""
    over_kafka = suspension.resume(super_user(), authority)
    over_http = access(lambda connection: registration.resume(connection, authority))
    if not (over_kafka or over_http):
        raise StackError(said(de=f"{authority} ist nicht gesperrt.", en=f"{authority} is not suspended."))
    _on_record(ResumeOrdered(authority=authority, principal=OPERATOR))
    typer.echo(said(de=f"{authority} ist wieder offen.", en=f"{authority} is open again."))


def _on_record(order: SuspendOrdered | ResumeOrdered) -> None:
    """Shutting out does not wait for the record; where it cannot be written, the person is told to repeat it."""
    kafka = super_user()
    address = kafka.address()
    try:
        asyncio.run(put_on_record(address, order))
    except Unavailable as away:
        raise StackError(
            said(
                de=f"Das gilt, steht aber nicht im Protokoll ({away}); bitte wiederholen.",
                en=f"it is in force, but not on record ({away}); please repeat it.",
            )
        ) from away


@commands.command("quota")
def quota(
    authority: AuthorityArgument,
    name: Annotated[str, typer.Argument(help=f"eines von: {', '.join(QUOTAS)}")],
) -> None:
    """Wie viel der Zugang bei Kafka verbrauchen darf: das übliche Maß, oder das für Dienstleister."""
    if name not in QUOTAS:
        raise StackError(f"{name}: {said(de='eines von', en='one of')} {', '.join(QUOTAS)}")
    set_quota(super_user(), authority, QUOTAS[name])
    typer.echo(f"{authority}: {name}")
