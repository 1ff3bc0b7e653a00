"""Which service at which place leads to an authority: so a test submission goes the way of every other."""

from datetime import date
from itertools import product

from services.router.domain.decision.resolver import Resolver
from services.router.domain.directory.model import Directory
from shared.events.competence import Inquiry, Place


def leading_to(authority: str, *, directory: Directory, on: date) -> Inquiry | None:
    """The first inquiry that is answered with this authority, one with a checked source if there is one."""
    resolver = Resolver(directory)
    for places in _places(authority, directory):
        unverified = None
        for service, ags in product(sorted(directory.competences), places):
            inquiry = Inquiry.model_construct(service=service, place=Place(ags=ags), on=on)
            decision = resolver.resolve(inquiry)
            if decision.authority == authority:
                if decision.verified:
                    return inquiry
                unverified = unverified or inquiry
        if unverified is not None:
            return unverified
    return None


def _places(authority: str, directory: Directory) -> tuple[list[str], list[str]]:
    """Its own first: a municipality's or district's id ends with its official key."""
    key = authority.rpartition("-")[2]
    near = sorted(ags for ags in directory.areas if ags.startswith(key))
    return near, sorted(directory.areas.keys() - near)
