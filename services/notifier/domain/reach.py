"""Where an applicant is reached beside e-mail: a mailbox of the platform's, an address for letters."""

from dataclasses import dataclass

from pydantic import ValidationError

from services.notifier.domain.address import Unusable
from shared.countries import country_line
from shared.events.payload import WireModel
from shared.printed_text import can_be_printed


class _Postal(WireModel):
    street: str
    postal_code: str | None = None
    town: str
    extra: str | None = None
    country: str | None = None


class _Reach(WireModel):
    name: str | None = None
    mailbox: str | None = None
    address: _Postal | None = None


@dataclass(frozen=True, slots=True)
class Addressee:
    """The lines of an address field, from the name to the town, and to the country where it is another one."""

    lines: tuple[str, ...]


def mailbox_of(contact: bytes) -> str:
    """What the platform calls the applicant's mailbox with it.

    Raises:
        Unusable: the contact names none.
    """
    mailbox = _read(contact).mailbox
    if not mailbox:
        raise Unusable("the contact has no `mailbox`")
    return mailbox


def addressee_of(contact: bytes) -> Addressee:
    """To whom a letter goes.

    Raises:
        Unusable: the contact lacks a name or an address, nobody knows its country, or a letter cannot show a line.
    """
    reach = _read(contact)
    if not reach.name or reach.address is None:
        raise Unusable("the contact lacks a `name` or an `address`")
    where = reach.address
    code, abroad = where.country or "DE", None
    if code != "DE" and (abroad := country_line(code)) is None:
        raise Unusable("the `country` of the address is unknown")
    town = " ".join(part for part in (where.postal_code, where.town) if part)
    lines = (reach.name, where.extra, where.street, town, abroad)
    if not all(can_be_printed(line) for line in lines if line):
        raise Unusable("a letter cannot show the `name` or the `address`")
    return Addressee(tuple(line for line in lines if line))


def _read(contact: bytes) -> _Reach:
    try:
        return _Reach.model_validate_json(contact, extra="ignore")
    except ValidationError:
        raise Unusable("the contact is not a JSON object of the expected form") from None
