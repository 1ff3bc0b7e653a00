"""The domain of a mail address by today's rules of the registries: IDNA 2008, UTS 46 non-transitional processing.

The rules of 2003 turn ``faß.de`` into ``fass.de``, which is another owner's domain. Intake applies the new rules, so that
the domain is unambiguous from here on, and refuses a domain that nobody can have while the sender can still correct it.
"""

import re
from typing import Final

import idna

LOCAL_PART: Final = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
"""What may stand before the @: as the HTML Living Standard has it (section 4.10.5.1.5), what browsers' forms let through."""

_LABEL: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
# No top-level domain is a number (RFC 3696 section 2): what ends in one is an address of a machine.
_DOMAIN: Final = re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)*(?![0-9]+$){_LABEL}")


def registered_domain(domain: str) -> str | None:
    """Return the domain in ASCII (``xn--…`` where necessary); None if nobody can have it."""
    plain = domain.isascii() and not any(label[:4].lower() == "xn--" for label in domain.split("."))
    try:
        written = domain if plain else idna.encode(domain, uts46=True, transitional=False).decode()
    except (idna.IDNAError, UnicodeError):
        return None
    return written if _DOMAIN.fullmatch(written) else None
