"""What authorities and services are called: by the directory in force where a system runs, else by the files."""

import asyncio
from dataclasses import dataclass
from typing import Self

from aiokafka.errors import KafkaError

from amtsweg.bus import known_address
from amtsweg.directory.folder import open_directory
from amtsweg.directory.in_force import in_force
from services.router.domain.directory.model import Directory
from shared.errors import Unavailable


@dataclass(frozen=True, slots=True)
class DirectoryNames:
    """Names beside keys. A key that the directory does not know stands alone."""

    directory: Directory

    @classmethod
    def current(cls) -> Self:
        """The names in force now; those of the files where no system can be asked."""
        address = known_address()
        if address is not None:
            try:
                return cls(asyncio.run(in_force(address)))
            except (KafkaError, Unavailable):
                pass  # a name is a service to the reader, never worth a failure
        return cls(open_directory(None))

    def authority_name(self, key: str) -> str | None:
        known = self.directory.authorities.get(key)
        return None if known is None else known.name

    def service_name(self, key: str) -> str | None:
        return self.directory.services.get(key)

    def authority(self, key: str) -> str:
        """``Magistrat der Stadt Gießen (g-06531005)``."""
        return _beside(key, self.authority_name(key))

    def service(self, key: str) -> str:
        """``Gewerbe Anmeldung (99050012104000)``."""
        return _beside(key, self.service_name(key))


def _beside(key: str, name: str | None) -> str:
    return key if name is None else f"{name} ({key})"
