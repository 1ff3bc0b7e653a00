"""What reads the whole log runs once at a time; a request meanwhile gets 503 and Retry-After."""

from shared.web.problems import Problem


class OneAtATime:
    """A place that is free or taken."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._taken = False

    def take(self) -> None:
        """Take the place.

        Raises:
            Problem: 503 while somebody else has it.
        """
        if self._taken:
            raise Problem(
                503,
                "busy",
                title="Besetzt (busy)",
                detail=f"{self._what} liest das ganze Protokoll und läuft gerade für jemand anderen.",
                resolution="Nach dem Ende noch einmal fragen (ask again when it is over).",
                headers={"Retry-After": "60"},
            )
        self._taken = True

    def leave(self) -> None:
        """Give the place back."""
        self._taken = False
