"""The domain of a mail address as the registries know it today: IDNA 2008, UTS 46 non-transitional processing.

The rules of 2003 turn ``faß.de`` into ``fass.de``, which belongs to somebody else. Read by the new rules the domain
is unmistakable from here on; what they do not know is refused while the sender can still be told.
"""

import idna


def registered_domain(domain: str) -> str | None:
    """Return the domain in letters of ASCII (``xn--…`` where it needs it); None if IDNA 2008 knows no such name."""
    plain = domain.isascii() and not any(label[:4].lower() == "xn--" for label in domain.split("."))
    if plain:
        return domain
    try:
        return idna.encode(domain, uts46=True, transitional=False, std3_rules=True).decode()
    except (idna.IDNAError, UnicodeError):
        return None
