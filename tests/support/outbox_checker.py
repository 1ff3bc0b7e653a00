"""Compares what lies in the mailboxes with what the store says of each message."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

COURTESIES = frozenset({"clearing", "forwarded", "status"})
"""What no law asks for is told at most once."""


def differences(taken: Counter[str], outbox: Sequence[Any]) -> list[str]:
    """What is wrong, message by message; ``taken`` counts each Message-ID."""
    found = []
    for row in outbox:
        times = taken[f"<{row['id']}@amtsweg.example>"]
        least = 1 if row["state"] == "sent" else 0
        most = 0 if row["state"] == "created" and not row["repeats"] else 1 + row["repeats"]
        if not least <= times <= most:
            found.append(f"{row['kind']} is {row['state']} and was taken {times} times")
        if row["kind"] in COURTESIES and times > 1:
            found.append(f"{row['kind']} was taken {times} times")
    known = {f"<{row['id']}@amtsweg.example>" for row in outbox}
    return found + [f"{message} was taken and is not known" for message in taken if message not in known]
