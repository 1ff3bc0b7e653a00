"""What several benchmarks ask of the machine, the stack and the directory."""

import os
import platform
from datetime import UTC, datetime

from amtsweg.directory.folder import open_directory

BUSINESS_REGISTRATION = "99050012104000"
"""Every municipality decides it itself, so that a submission's place says whose inbox it is."""


def machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def people() -> dict[str, int]:
    """How many live in each municipality of Hessen that has an administration today, by AGS."""
    today, directory = datetime.now(UTC).date(), open_directory(None)
    administrations = {a.id for a in directory.authorities.values() if a.days.last >= today}
    return {
        ags: counted
        for ags, rows in directory.populations.items()
        if f"g-{ags}" in administrations
        and (counted := next((row.people for row in rows if today in row.days), 0))
    }
