"""One word for everything that is not what it claims to be: a file, a signature, a proof."""


class ProofRefused(ValueError):  # noqa: N818 - the verifier's own word, as in RFC texts: a proof is refused
    """What was shown does not prove what it should; the text names the part and what was expected.

    `shared.telemetry.reason_words` says the text in the reader's language.
    """
