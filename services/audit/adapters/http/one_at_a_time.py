"""Limits work that reads the whole log to one request at a time; others get 503 and Retry-After."""

from shared.web.bilingual import Bilingual
from shared.web.problems import Problem


class OneAtATime:
    """A place that is free or taken."""

    def __init__(self, what: Bilingual) -> None:
        self._what = what
        self._taken = False

    def take(self) -> None:
        """Take the place.

        Raises:
            Problem: 503 while another request has it.
        """
        if self._taken:
            raise Problem(
                503,
                "busy",
                title=Bilingual(de="Besetzt", en="Busy"),
                detail=Bilingual(
                    de=f"{self._what.de} liest das ganze Protokoll und läuft gerade für jemand anderen.",
                    en=f"{self._what.en} reads the whole log and runs for somebody else now.",
                ),
                resolution=Bilingual(de="Nach dem Ende noch einmal fragen.", en="Ask again when it is over."),
                headers={"Retry-After": "60"},
            )
        self._taken = True

    def leave(self) -> None:
        """Give the place back."""
        self._taken = False
