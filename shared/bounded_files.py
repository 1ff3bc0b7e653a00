"""Reads files up to a size limit, so that an endless one does not fill the memory."""

import errno
import os
from pathlib import Path
from typing import Final

SMALL: Final = 64 * 1024
"""In bytes: a key, a secret, a token, a policy."""

LARGE: Final = 64 * 1024 * 1024
"""In bytes: evidence, a statement, a table."""


def read_bounded(path: Path, *, most: int = SMALL) -> bytes:
    """The file's content. A pipe is read like a file, so a shell can hand over what another program says.

    Raises:
        OSError: it cannot be read; `EFBIG`: it holds more than ``most`` bytes.
    """
    read = bytearray()
    with path.open("rb") as file:
        while part := file.read(min(most + 1 - len(read), 1 << 20)):
            read += part
    if len(read) > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return bytes(read)


def read_bounded_text(path: Path, *, most: int = SMALL) -> str:
    """The file's text, its line ends as they are.

    Raises:
        UnicodeDecodeError: it is no UTF-8.
        OSError: as `read_bounded`.
    """
    return read_bounded(path, most=most).decode()
