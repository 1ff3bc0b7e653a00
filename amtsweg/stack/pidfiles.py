"""Which processes the stack has started, on disk, so that a killed supervisor leaves no orphans for good.

A process is recognised by its id and its start time: ids are reused, the pair is not.
"""

import contextlib
import json
from pathlib import Path
from typing import Any

import psutil

from shared.bounded_files import read_bounded_text

_SAME_START_S = 0.05


def record(folder: Path, name: str, *, pid: int, **more: int | None) -> None:
    """Note that `pid` runs as `name`, with more facts beside it; a process that has ended is not noted."""
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(psutil.NoSuchProcess):
        started = psutil.Process(pid).create_time()
        (folder / f"{name}.json").write_text(json.dumps({"pid": pid, "started": started, **more}))


def forget(folder: Path, name: str) -> None:
    (folder / f"{name}.json").unlink(missing_ok=True)


def recorded(folder: Path, name: str) -> psutil.Process | None:
    """The process recorded under `name`, if that very process still runs."""
    noted = facts(folder, name)
    try:
        process = psutil.Process(noted["pid"])
        same = abs(process.create_time() - noted["started"]) < _SAME_START_S
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.NoSuchProcess, KeyError):
        return None


def facts(folder: Path, name: str) -> dict[str, Any]:
    """What was noted under `name`; nothing if there is nothing, or a crash left half of it."""
    try:
        noted: dict[str, Any] = json.loads(read_bounded_text(folder / f"{name}.json"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return noted


def names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.json"))


def end_tree(process: psutil.Process, *, grace_s: float = 0.0) -> None:
    """End a process and all its descendants: politely within `grace_s`, then for certain."""
    family = [process, *_descendants(process)]
    if grace_s > 0:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
        _, family = psutil.wait_procs(family, timeout=grace_s)
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(family, timeout=10)


def end_orphans(folder: Path) -> list[str]:
    """End every recorded process that still runs; returns their names."""
    ended = []
    for name in names(folder):
        process = recorded(folder, name)
        if process is not None:
            end_tree(process, grace_s=5)
            ended.append(name)
        forget(folder, name)
    return ended


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def memory_of_tree(process: psutil.Process) -> int:
    """Bytes held by a process and its descendants; pages that they share count once (where the kernel tells)."""
    total = 0
    for member in (process, *_descendants(process)):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += getattr(member.memory_full_info(), "pss", 0) or member.memory_info().rss
    return total
