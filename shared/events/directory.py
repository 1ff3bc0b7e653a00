"""A change of the directory: one record is one whole change set, so no reader ever sees half of one."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from shared.events.payload import Instant, Payload, WireModel

LandKey = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
"""The first two digits of every key of a Land, for example ``06``."""

DirectoryVersion = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 over the Land's key and the lines of all tables (`services.router.domain.directory.tables`)."""

TableName = Annotated[str, StringConstraints(pattern=r"^[a-z]{1,30}$")]


class Provenance(WireModel):
    """Where a table comes from, under which licence, whom to name, and of which day it is."""

    source: str
    licence: str
    attribution: str
    state: str


class TableChanged(WireModel):
    """The CSV lines (without line end) that leave a table and those that come; its header stands in ``columns``."""

    table: TableName
    columns: str
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    provenance: Provenance


class DirectoryChanged(Payload):
    """From the version ``parent`` to the version ``result``, in force from an instant on.

    The first record of a Land has no parent: it holds every line, and also counts for whatever was received
    before it. A reader ignores a record whose parent is not its newest version, or whose ``result`` is not
    what its lines lead to, or which takes force less than 90 seconds after it was recorded.
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
            raise ValueError("tables: one of them is a duplicate")
        return self
