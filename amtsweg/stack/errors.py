"""What can go wrong with the local stack, in words that say how to mend it."""


class StackError(Exception):
    """Something the person at the keyboard can mend; the text says how."""


class NoStackError(StackError, FileNotFoundError):
    """No stack runs here, and what it would say was not given otherwise."""


class MissingPartError(StackError):
    """A program or download is not there and could not be got."""


class PartFailedError(StackError):
    """A part ended or did not become ready; the text names its log and shows its end."""
