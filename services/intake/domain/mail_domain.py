"""The domain of a mail address by today's rules of the registries: IDNA 2008, UTS 46 non-transitional processing.

The rules of 2003 turn ``faß.de`` into ``fass.de``, which is another owner's domain. Intake applies the new rules, so that
the domain is unambiguous from here on, and refuses an invalid domain while the sender can still correct it.
"""

import idna


def registered_domain(domain: str) -> str | None:
    """Return the domain in ASCII (``xn--…`` where necessary); None if it is invalid by IDNA 2008."""
    plain = domain.isascii() and not any(label[:4].lower() == "xn--" for label in domain.split("."))
    if plain:
        return domain
    try:
        return idna.encode(domain, uts46=True, transitional=False, std3_rules=True).decode()
    except (idna.IDNAError, UnicodeError):
        return None
