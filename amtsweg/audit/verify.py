"""`amtsweg verify`: two verifiers that share no code must agree; the one for strangers says what is proven."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from cryptography.x509 import Certificate, load_pem_x509_certificates

from amtsweg.exit_status import ANSWERED_NO
from amtsweg.language import language, said
from amtsweg.named_file import text_in
from amtsweg.terminal import echo, ended, printable
from services.audit.adapters.http.page import verify as strangers
from services.audit.domain.evidence import Evidence, verify_evidence
from services.audit.domain.policy import parse_policy
from services.audit.domain.proof_refused import ProofRefused
from shared.bounded_files import LARGE, read_bounded


def verify(
    bundle: Annotated[Path, typer.Argument(help="Beweisdatei", exists=True, dir_okay=False)],
    log_key: Annotated[
        str | None, typer.Option(help="Schlüssel des Protokolls, auf anderem Weg erhalten (vkey)")
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(help="Vertrauensregel (C2SP tlog-policy) mit Zeugen", exists=True, dir_okay=False),
    ] = None,
    tsa_root: Annotated[
        Path | None,
        typer.Option(help="Wurzelzertifikat der Zeitstempelstelle (PEM)", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Prüft eine Beweisdatei und sagt, was sie beweist und was nicht.

    Ende mit 0, wenn alles stimmt; mit 3, wenn die Datei nur zu ihren eigenen Schlüsseln passt (--policy oder
    --log-key fehlt); sonst mit 1.
    """
    column = 0 if language() == "de" else 1
    try:
        rule = None if policy is None else text_in(policy)
        roots = [] if tsa_root is None else load_pem_x509_certificates(read_bounded(tsa_root, most=LARGE))
    except ValueError:
        raise typer.BadParameter(
            said(
                de="--policy ist Text in UTF-8, --tsa-root ein Zertifikat in PEM",
                en="--policy is text in UTF-8, --tsa-root a certificate in PEM",
            )
        ) from None
    if log_key is not None:
        rule = f"log {log_key}\nquorum none\n"
    try:
        verdict = agree(read_bounded(bundle, most=LARGE), policy=rule, tsa_roots=roots)
    except strangers.Refused as refused:
        raise ended(f"{('ABGELEHNT', 'REFUSED')[column]}: {refused.words[column]}", ANSWERED_NO) from None
    for line in verdict.lines(column):
        echo(line)
    raise typer.Exit(verdict.status)


def agree(data: bytes, *, policy: str | None, tsa_roots: Sequence[Certificate]) -> strangers.Verdict:
    """What both verifiers accept, in the words of the one for strangers.

    Raises:
        strangers.Refused: one of them does not.
    """
    verdict = strangers.verify(data, policy=policy, roots=tsa_roots)
    try:
        trusted = None if policy is None else parse_policy(policy.encode())
        verify_evidence(Evidence.from_bytes(data), trusted, tsa_roots=tsa_roots)
    except ProofRefused as refused:
        raise strangers.Refused(
            f"Die beiden Prüfprogramme sind uneins ({printable(str(refused))}). Bitte melden Sie das.",
            f"The two verifiers disagree ({printable(str(refused))}). Please report this.",
        ) from None
    return verdict
