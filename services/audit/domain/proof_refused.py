"""The error for a file, signature or proof that is not what it claims to be."""

from pydantic import ValidationError


class ProofRefused(ValueError):  # noqa: N818 - the verifier's own word, as in RFC texts: a proof is refused
    """What was shown does not prove what it should; the text names the part and what was expected.

    `shared.telemetry.reason_words` says the text in the reader's language.
    """


def invalid(what: str, error: ValidationError) -> ProofRefused:
    """The refusal of a file whose members are not as described; names their places and never their values."""
    places = ", ".join(".".join(map(str, each["loc"])) or "document" for each in error.errors())
    return ProofRefused(f"{what}: not valid at {places}")
