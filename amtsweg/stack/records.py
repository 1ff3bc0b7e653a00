"""Which processes the stack has started, on disk, so that a killed supervisor leaves no orphans for good.

A process is recognised by its id and its start time: ids are reused, the pair is not.
"""

import contextlib
import json
from pathlib import Path

import psutil

_SAME_START_S = 0.05


def record(folder: Path, name: str, *, pid: int) -> None:
    """Note that `pid` runs as `name`; nothing is noted if it has already ended."""
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(psutil.NoSuchProcess):
        started = psutil.Process(pid).create_time()
        (folder / f"{name}.json").write_text(json.dumps({"pid": pid, "started": started}))


def forget(folder: Path, name: str) -> None:
    (folder / f"{name}.json").unlink(missing_ok=True)


def recorded(folder: Path, name: str) -> psutil.Process | None:
    """The process recorded under `name`, if that very process still runs."""
    try:
        entry = json.loads((folder / f"{name}.json").read_text())
        process = psutil.Process(entry["pid"])
        same = abs(process.create_time() - entry["started"]) < _SAME_START_S
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (FileNotFoundError, psutil.NoSuchProcess, json.JSONDecodeError, KeyError):
        return None


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
