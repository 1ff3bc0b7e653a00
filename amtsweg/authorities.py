"""`amtsweg authority`: an authority's access over Kafka and HTTP; shut out at once, let in again, and what it may take."""

import asyncio
from typing import Annotated, Final

import typer

from amtsweg.authority_access import AuthorityArgument, add, revoke, rotate, serve
from amtsweg.authority_list import list_authorities, show
from amtsweg.authority_way_in import ordered_suspensions, super_user
from amtsweg.code_words import with_words
from amtsweg.conformance.command import check_authority
from amtsweg.key_file import key_file
from amtsweg.language import said
from amtsweg.operator_orders import OPERATOR, put_on_record
from amtsweg.stack.endpoints import KafkaEndpoint
from amtsweg.stack.errors import AwayError, StackError, WrongCallError
from amtsweg.stack.provision import suspension
from amtsweg.stack.provision.kafka import has_inbox
from amtsweg.stack.provision.quotas import QUOTAS, set_quota
from amtsweg.terminal import echo
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
    kafka = super_user()
    suspension.suspend(kafka, authority)
    _order(kafka, SuspendOrdered(authority=authority, principal=OPERATOR))
    echo(
        said(
            de=f"{authority} ist gesperrt: bei Kafka ab sofort, über HTTP spätestens in {_HTTP_SECONDS} Sekunden.",
            en=f"{authority} is suspended: over Kafka from now on, over HTTP within {_HTTP_SECONDS} seconds.",
        )
    )
    if not has_inbox(kafka, authority):
        echo(
            said(
                de=f"Achtung: {authority} hat keinen Eingang. Ist die Kennung richtig? `amtsweg authority list` zeigt alle.",
                en=f"Caution: {authority} has no inbox. Is the id right? `amtsweg authority list` shows all.",
            ),
            err=True,
        )


@commands.command("resume")
def resume(authority: AuthorityArgument) -> None:
    """Wieder öffnen: was inzwischen kam, liegt im Eingang."""
    kafka = super_user()
    over_http = authority in ordered_suspensions(kafka)
    over_kafka = suspension.resume(kafka, authority)
    if not (over_kafka or over_http):
        raise StackError(said(de=f"{authority} ist nicht gesperrt.", en=f"{authority} is not suspended."))
    _order(kafka, ResumeOrdered(authority=authority, principal=OPERATOR))
    echo(said(de=f"{authority} ist wieder offen.", en=f"{authority} is open again."))


def _order(kafka: KafkaEndpoint, order: SuspendOrdered | ResumeOrdered) -> None:
    """Give the order that the doors act on; Kafka itself has been changed before."""
    try:
        asyncio.run(put_on_record(kafka.address(), order))
    except Unavailable as away:
        raise AwayError(
            said(
                de=f"Das gilt nur für die Anmeldung bei Kafka, noch nicht über HTTP ({away}); bitte wiederholen.",
                en=f"this counts for the login at Kafka only, not yet over HTTP ({away}); please repeat it.",
            )
        ) from away


@commands.command("quota")
def quota(
    authority: AuthorityArgument,
    name: Annotated[str, typer.Argument(help=f"eines von: {', '.join(QUOTAS)}")],
) -> None:
    """Wie viel der Zugang bei Kafka verbrauchen darf: das übliche Maß, oder das für Dienstleister."""
    if name not in QUOTAS:
        raise WrongCallError(f"{name}: {said(de='eines von', en='one of')} {with_words(', '.join(QUOTAS))}")
    set_quota(super_user(), authority, QUOTAS[name])
    echo(f"{authority}: {name}")
