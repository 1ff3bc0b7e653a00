"""`amtsweg deadline`: when a statutory period ends, for one receipt or for a file of them."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from amtsweg.batch import BadRow, rows
from amtsweg.code_words import RECEIVED_THROUGH, SENT_BY
from amtsweg.directory.folder import shipped
from amtsweg.exit_status import MISTAKE
from amtsweg.input_words import reason
from amtsweg.language import language
from amtsweg.terminal import echo, echo_json, ended, json_line
from services.notifier.adapters.law_files import open_law
from services.notifier.domain.deadlines.compute import compute
from services.notifier.domain.deadlines.explain import document, explained, short
from services.notifier.domain.deadlines.inquiry import FIELDS, BadDeadlineInquiry, read_deadline_inquiry
from services.notifier.domain.deadlines.law import Law
from services.notifier.domain.deadlines.tables import BrokenLaw


def deadline(
    *,
    service: Annotated[str | None, typer.Option(help="LeiKa key, 14 digits")] = None,
    profile: Annotated[
        str | None, typer.Option(help="name of a legal profile, for example three-months-deemed-approval")
    ] = None,
    received: Annotated[
        str | None, typer.Option(help="instant or day of receipt, ISO 8601; without offset German time")
    ] = None,
    via: Annotated[
        str | None,
        typer.Option(
            help=f"where it was received: {', '.join(RECEIVED_THROUGH)}; single-contact if left out"
        ),
    ] = None,
    supplements_received: Annotated[
        str | None, typer.Option(help="when the last missing document arrived")
    ] = None,
    extended_by_months: Annotated[int | None, typer.Option(help="length of the extension")] = None,
    incomplete: Annotated[bool, typer.Option("--incomplete", help="documents are still missing")] = False,
    sent: Annotated[str | None, typer.Option(help="when a decision was sent or provided")] = None,
    sent_by: Annotated[str | None, typer.Option(help=f"in which way: {', '.join(SENT_BY)}")] = None,
    retrieved: Annotated[str | None, typer.Option(help="when it was retrieved from the portal")] = None,
    batch: Annotated[
        Path | None, typer.Option(help="JSON lines, one receipt each; - for standard input")
    ] = None,
    directory: Annotated[Path | None, typer.Option(help="folder of another directory")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="everything as JSON")] = False,
) -> None:
    """Compute a statutory period and explain each step with its paragraph."""
    try:
        law = open_law(directory or shipped())
        if batch is not None:
            raise typer.Exit(_run_batch(batch, law))
        fields = {
            "service": service,
            "profile": profile,
            "receivedAt": received,
            "via": via,
            "supplementsReceivedAt": supplements_received,
            "extendedByMonths": extended_by_months,
            "complete": False if incomplete else None,
            "sentAt": sent,
            "sentBy": sent_by,
            "retrievedAt": retrieved,
        }
        found = compute(read_deadline_inquiry(fields), law)
    except BrokenPipeError:
        raise  # the reader has enough: no mistake
    except (BadDeadlineInquiry, BrokenLaw, OSError) as error:
        raise ended(f"amtsweg deadline: {reason(error)}", MISTAKE) from error
    if as_json:
        echo_json(document(found, law))
    else:
        echo(explained(found, law, language()))


def _run_batch(path: Path, law: Law) -> int:
    """One result a line, in order; 1 if any line could not be read, else 0."""
    failed = 0
    for result in deadlines(path, law):
        failed |= "error" in result
        sys.stdout.buffer.write(f"{json_line(result)}\n".encode())
    return failed


def deadlines(path: Path, law: Law) -> Iterator[dict[str, Any]]:
    """For every line of the file its deadline in short, or an error that names line and field."""
    for row in rows(path):
        try:
            yield {"id": row.id, **short(compute(read_deadline_inquiry(row.only(FIELDS)), law))}
        except (BadDeadlineInquiry, BadRow) as error:
            yield {"id": row.id, "error": row.problem(error)}
