"""Whom a command trusts: a policy, a key, or what the running stack says."""

from pathlib import Path
from typing import Annotated

import typer

from amtsweg.stack.description import StackDescription
from services.audit.domain.keys import VerifierKey
from services.audit.domain.policy import Policy, log_only, parse_policy
from shared.bounded_files import read_bounded

KeyOption = Annotated[str | None, typer.Option(help="Schlüssel des Protokolls (vkey); sonst der des Stapels")]
PolicyOption = Annotated[
    Path | None, typer.Option(help="Vertrauensregel (C2SP tlog-policy)", exists=True, dir_okay=False)
]


def policy_of(log_key: str | None, policy: Path | None) -> Policy:
    """The policy in the file, or one with this key alone.

    Raises:
        Refused: key or policy is malformed.
    """
    if policy is not None:
        return parse_policy(read_bounded(policy))
    return log_only(VerifierKey.from_text(log_key or StackDescription.read().audit.verifier_key))
