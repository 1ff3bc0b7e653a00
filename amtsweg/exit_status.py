"""How a call ends that has not ended with 0, alike in every command: docs/operations.md has the table."""

from typing import Final

ANSWERED_NO: Final = 1
"""The answer is no, somebody refused, or something was tried and failed."""

MISTAKE: Final = 2
"""The call has to be corrected: an option, a name, a file, a setting."""

UNDECIDED: Final = 3
"""A server was not reached or has not answered yet; the same call may succeed later."""

INTERRUPTED: Final = 130
"""128 + SIGINT, as shells have it."""
