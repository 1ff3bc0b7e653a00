"""One word for everything that is not what it claims to be: a file, a signature, a proof."""


class ProofRefused(ValueError):  # noqa: N818 - the verifier's own word, as in RFC texts: a proof is refused
    """What was shown does not prove what it should; the text names the part and what was expected.

    ``german`` says the same to people who ask over HTTP; programs that verify offline have words of their own.
    """

    def __init__(self, text: str, *, german: str = "") -> None:
        super().__init__(text)
        self.german = german or text
