"""The applicant's contact: opened only to write a mail, never kept and never printed."""

import re
from typing import NewType

from pydantic import ValidationError

from shared.events.payload import WireModel
from shared.mail_domain import LOCAL_PART, registered_domain

Address = NewType("Address", str)
"""An address that may stand in an envelope and a header: ASCII, no white space, no control characters."""

# What keyboards, copying and byte-order marks leave around an address; nobody can see it.
_INVISIBLE = " \t\u00a0\u00ad\u200b\u200c\u200d\u200e\u200f\u202f\u2060\u3000\ufeff"
_LONGEST = 254  # RFC 5321 section 4.5.3.1.3, without the angle brackets


class Unusable(Exception):  # noqa: N818 - what the contact is, in the project's vocabulary
    """No mail can be sent to this contact; the text never repeats it."""


class _Contact(WireModel):
    email: str


def address_of(contact: bytes) -> Address:
    """Return the e-mail address in the opened contact, ``{"email": …}``.

    A domain is read by IDNA 2008 (RFC 5891; UTS 46, non-transitional) and by nothing older: ß stays ß, since
    the rules of 2003 would send the mail to somebody else's domain.

    Raises:
        Unusable: it is not such a document, or not an address.
    """
    try:
        email = _Contact.model_validate_json(contact, extra="ignore").email
    except ValidationError:
        raise Unusable("the contact is not a JSON object with a text `email`") from None
    local, _, domain = email.strip(_INVISIBLE).rpartition("@")
    registered = registered_domain(domain)
    if registered is None:
        raise Unusable("the domain of the contact's `email` is not a domain name")
    address = f"{local}@{registered.lower()}"
    if len(address) > _LONGEST or re.fullmatch(LOCAL_PART, local) is None:
        raise Unusable("the contact's `email` is not an address that mail can be sent to")
    return Address(address)
