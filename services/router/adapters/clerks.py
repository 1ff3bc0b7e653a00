"""As whom a person acts who has signed in: a clerk for authorities, a person of the desk for themselves."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from shared.access.principal import PERSONS, SCOPES, Principal, audiences
from shared.access.principals import KnownPrincipals
from shared.web.sign_in import SignedInPerson

LOOK: Final = "look"
"""The scope of looking around at the console; all others of the desk include it."""

_OF_CLERKS: Final = frozenset({"inbox.read", "answers.write"})
BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)


def clerks(principals: KnownPrincipals) -> Callable[[SignedInPerson], Principal | None]:
    """A clerk may what their authorities may: the issuer says which, the register what, and whether it is suspended."""

    def admit(person: SignedInPerson) -> Principal | None:
        known = [found for each in person.authorities if (found := principals.get(each)) is not None]
        serving = [each for each in known if each.kind == "authority" and each.id in each.authorities]
        if not serving:
            return None
        return Principal(
            id=person.id,
            kind="authority",
            name=person.id,
            scopes=_OF_CLERKS.intersection(*(each.scopes for each in serving)),
            authorities=frozenset(each.id for each in serving),
            registered_at=BEGINNING,
        )

    return admit


def staff(principals: KnownPrincipals) -> Callable[[SignedInPerson], Principal | None]:
    """A person of the desk or the operation is registered under the id that the issuer vouches for.

    Whoever may do something at the desk may look around there.
    """

    def admit(person: SignedInPerson) -> Principal | None:
        known = principals.get(person.id)
        if known is None or known.kind not in PERSONS:
            return None
        at_the_desk = audiences(known.scopes) & {SCOPES[LOOK]}
        return replace(known, scopes=known.scopes | {LOOK}) if at_the_desk else known

    return admit
