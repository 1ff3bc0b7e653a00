"""`amtsweg verify`: what an evidence file proves, in plain words, and what it does not."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from services.audit.domain.evidence import Evidence, Proven, Verdict, verify_evidence
from services.audit.domain.keys import VerifierKey
from services.audit.domain.policy import Policy, log_only, parse_policy
from services.audit.domain.refused import Refused


def verify(
    bundle: Annotated[Path, typer.Argument(help="Beweisdatei (evidence file)", exists=True, dir_okay=False)],
    log_key: Annotated[
        str | None, typer.Option(help="Schlüssel des Protokolls, auf anderem Weg erhalten (vkey)")
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(help="Vertrauensregel (C2SP tlog-policy) mit Zeugen", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Prüft eine Beweisdatei und sagt, was sie beweist. Ende mit 0 nur, wenn alles stimmt."""
    try:
        trusted = _policy(log_key, policy)
        verdict = verify_evidence(Evidence.from_bytes(bundle.read_bytes()), trusted)
    except Refused as refused:
        typer.echo(f"ABGELEHNT: {refused}", err=True)
        raise typer.Exit(1) from None
    for line in _words(verdict, independent=trusted is not None):
        typer.echo(line)


def _policy(log_key: str | None, policy: Path | None) -> Policy | None:
    if policy is not None:
        return parse_policy(policy.read_bytes())
    return None if log_key is None else log_only(VerifierKey.from_text(log_key))


def _words(verdict: Verdict, *, independent: bool) -> Iterator[str]:
    checkpoint = verdict.checkpoint.checkpoint
    yield f"Protokoll {checkpoint.origin}, Stand mit {checkpoint.size} Einträgen."
    yield "Unterschrieben mit: " + ", ".join(v.key.to_text()[:60] for v in verdict.checkpoint.log_signatures)
    for witness in verdict.checkpoint.cosignatures:
        seen = (
            ""
            if witness.time is None
            else f" am {datetime.fromtimestamp(witness.time, UTC):%d.%m.%Y %H:%M:%S} UTC"
        )
        yield f"Bezeugt von {witness.key.name}{seen}."
    yield ""
    for entry in verdict.entries:
        yield _line(entry)
    yield ""
    yield "Bewiesen: Diese Einträge stehen unverändert an genau diesen Stellen des Protokolls."
    if any(entry.event is not None for entry in verdict.entries):
        yield "Bewiesen: Die offengelegten Inhalte sind die, auf die sich die Einträge festgelegt haben."
    if any(entry.event is None for entry in verdict.entries):
        yield "Nicht bewiesen: Was in Einträgen ohne Inhalt stand; er ist gelöscht oder nicht beigelegt."
    if not verdict.checkpoint.cosignatures:
        yield "Nicht bewiesen: Dass andere denselben Stand sehen; kein Zeuge der Regel hat mitgezeichnet."
    if not independent:
        yield (
            "Nicht bewiesen: Dass der Schlüssel der des Protokolls ist; er stammt aus der Datei selbst. "
            "Auf anderem Weg holen und mit --log-key angeben."
        )
    yield "Nicht bewiesen: Dass zu diesem Vorgang nichts fehlt; das zeigt die Auskunft der Prüfseite."


def _line(entry: Proven) -> str:
    leaf = entry.leaf
    what = leaf.type.removeprefix("de.amtsweg.").removesuffix(".v1")
    details = " · ".join(filter(None, (leaf.authority, leaf.service)))
    opened = "Inhalt bestätigt" if entry.event is not None else "ohne Inhalt"
    return f"  {entry.index:>8}  {leaf.time}  {what:<24} {details}  ({opened})"
