"""Which clients may be registered: the form of an id, scopes of one audience, numbers instead of names for people."""

import re
from collections.abc import Iterator
from typing import Final

from amtsweg.language import said
from shared.access.principal import AUDIENCE_OF, PERSONS, SCOPES, PrincipalKind, audiences

_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_NUMBERED: Final = re.compile(r"[a-z]{1,30}-[0-9]{1,6}")


def kind_of(scopes: frozenset[str], *, asked: str | None) -> PrincipalKind | None:
    """The kind that was asked for, else the first that has business with what the scopes open."""
    opened = audiences(scopes)
    kinds = (
        kind for kind, audience in AUDIENCE_OF.items() if kind == asked or (not asked and audience in opened)
    )
    return next(kinds, None)


def objection(
    client: str, *, kind: PrincipalKind | None, scopes: frozenset[str], authorities: frozenset[str]
) -> str | None:
    """Why a principal cannot be registered like this, in the language of the call; None if nothing speaks against it."""
    return next(_objections(client, kind=kind, scopes=scopes, authorities=authorities), None)


def _objections(
    client: str, *, kind: PrincipalKind | None, scopes: frozenset[str], authorities: frozenset[str]
) -> Iterator[str]:
    if not _ID.fullmatch(client):
        yield said(
            de=f"{client}: eine Kennung hat 1 bis 64 Zeichen aus a-z, 0-9 und Bindestrich.",
            en=f"{client}: an id has 1 to 64 characters of a-z, 0-9 and hyphen.",
        )
    if unknown := scopes - SCOPES.keys():
        yield said(
            de=f"--scope: {', '.join(sorted(unknown))} gibt es nicht; es gibt {', '.join(SCOPES)}.",
            en=f"--scope: {', '.join(sorted(unknown))} does not exist; there are {', '.join(SCOPES)}.",
        )
    if kind is None:
        yield said(
            de=f"--kind: es gibt {', '.join(AUDIENCE_OF)}.", en=f"--kind: there are {', '.join(AUDIENCE_OF)}."
        )
        return
    if audiences(scopes) != {AUDIENCE_OF[kind]}:
        yield said(
            de=f"--scope: Diese Rechte öffnen anderes als {AUDIENCE_OF[kind]}; dafür ist es eine andere Anmeldung.",
            en=f"--scope: these open something else than {AUDIENCE_OF[kind]}; that takes another client.",
        )
    if kind in PERSONS and not _NUMBERED.fullmatch(client):
        yield (
            said(
                de=f"{client}: Personen bekommen eine Nummer statt eines Namens, zum Beispiel klaerung-7; "
                "die Kennung steht jahrelang bei dem, was sie entschieden haben.",
                en=f"{client}: people get a number instead of a name, for example klaerung-7; "
                "the id stands for years beside what they have decided.",
            )
        )
    if (AUDIENCE_OF[kind] == "doors") != bool(authorities):
        yield said(
            de=f"--authority: Behörden gehören zu den Arten authority und provider, und nur zu ihnen; hier {kind}.",
            en=f"--authority: the kinds authority and provider have authorities, and no others; this is {kind}.",
        )
