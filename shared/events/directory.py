"""A change of the directory. One record is a whole change set, so that no reader sees half of one."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from shared.events.payload import Instant, Payload, WireModel

LandKey = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
"""The first two digits of every key of a Land, for example ``06``."""

DirectoryVersion = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 over the Land's key and the lines of all tables (`services.router.domain.directory.tables`)."""

TableName = Annotated[str, StringConstraints(pattern=r"^[a-z]{1,30}$")]


class Provenance(WireModel):
    """A table's source, its licence, whom to name (attribution), and the day whose facts it states."""

    source: str
    licence: str
    attribution: str
    state: str


class TableChanged(WireModel):
    """The CSV lines (without line end) that are removed from and added to a table; ``columns`` is its header."""

    table: TableName
    columns: str
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    provenance: Provenance


class DirectoryChanged(Payload):
    """The step from the version ``parent`` to the version ``result``, in force from ``effectiveFrom``.

    The first record of a Land has no parent: it holds every line, and it also applies to everything received
    before it. A reader ignores a record whose parent is not its newest version, whose ``result`` is not the
    version that its lines give, or which takes effect less than 90 seconds after it was recorded.
    """

    land: LandKey
    name: str
    parent: DirectoryVersion | None = None
    result: DirectoryVersion
    effective_from: Instant
    reason: Annotated[str, Field(max_length=200)]
    tables: tuple[TableChanged, ...]

    @model_validator(mode="after")
    def _each_table_once(self) -> Self:
        names = [change.table for change in self.tables]
        if len(names) != len(set(names)):
            raise ValueError("tables: expected each table once")
        return self
