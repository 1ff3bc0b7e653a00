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
    """Write the file; readable by its owner only where it is private.

    Raises:
        FileExistsError: as `require_free`; also where the name was taken meanwhile.
        OSError: it cannot be written.
    """
    require_free(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    taken = os.O_WRONLY if path.exists() else os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(path, taken, 0o600 if private else 0o666), "wb") as file:
        file.write(content)
