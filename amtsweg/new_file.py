"""A file that a call asks for: it never takes the place of one that is there."""

import errno
import os
import stat
from pathlib import Path


def require_free(path: Path) -> None:
    """Look before the work begins, so that nothing is done for a file that cannot be written.

    Raises:
        FileExistsError: a file, a folder or a link has this name. A pipe or a terminal is written to.
    """
    if not os.path.lexists(path):
        return
    try:
        mode = path.stat().st_mode
    except OSError:  # a link that leads nowhere
        mode = 0
    if not (stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def write_new(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write the file; readable by its owner only where it is private. It gets its name when it is whole.

    Raises:
        FileExistsError: as `require_free`; also where the name was taken meanwhile.
        OSError: it cannot be written.
    """
    require_free(path)
    if path.exists():  # a pipe or a terminal
        path.write_bytes(content)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    name = os.fsencode(path.name)[:200].decode(errors="ignore")
    beside = path.with_name(f".{name}.unfinished")
    beside.unlink(missing_ok=True)  # of a call that was killed
    try:
        created = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666)
        with os.fdopen(created, "wb") as file:
            file.write(content)
            file.flush()
            if not os.path.samestat(os.fstat(file.fileno()), beside.stat()):
                raise FileExistsError(errno.EEXIST, "another call is writing it")
            _name(beside, path)
    except OSError as failed:
        raise type(failed)(failed.errno, failed.strerror, str(path)) from failed
    finally:
        beside.unlink(missing_ok=True)


def _name(written: Path, path: Path) -> None:
    try:
        path.hardlink_to(written)  # unlike a new name it never replaces what is there
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        require_free(path)
        written.rename(path)
