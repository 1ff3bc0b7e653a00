"""What can go wrong with the local stack, in words that say how to mend it."""

from typing import ClassVar

from amtsweg.exit_status import ANSWERED_NO, MISTAKE, UNDECIDED
from shared.web.bilingual import Bilingual


class StackError(Exception):
    """Something the person at the keyboard can mend; the text says how."""

    status: ClassVar[int] = ANSWERED_NO


class WrongCallError(StackError):
    """The call itself has to be corrected: a name, a file, a setting."""

    status = MISTAKE


class AwayError(StackError):
    """A server was not reached or did not finish; the same call may succeed later."""

    status = UNDECIDED


class NoStackError(WrongCallError, FileNotFoundError):
    """No stack runs here, and what it would say was not given otherwise."""


class MissingPartError(StackError):
    """A program or download is not there and could not be got."""


class PartFailedError(StackError):
    """A part ended or did not become ready; the text names its log and shows its end.

    ``why`` is its first sentence in both languages: who asks later may speak another one.
    """

    def __init__(self, told: str, *, why: Bilingual | None = None) -> None:
        super().__init__(told)
        self.why = why
