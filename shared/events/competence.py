"""Who is competent for a service, a place and a day: one model of the question and one of the answer.

The routed event, ``GET /v1/competence`` and ``amtsweg resolve --json`` share these models.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from shared.events.payload import AuthorityId, ServiceKey, WireModel

RegionalKey = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{2}([0-9]([0-9]{2}([0-9]{4}([0-9]{3})?)?)?)?$")
]
"""Amtlicher Regionalschlüssel (ARS): 12 digits, or shortened to 2, 3, 5 or 9."""

MunicipalityKey = Annotated[str, StringConstraints(pattern=r"^[0-9]{8}$")]
"""Amtlicher Gemeindeschlüssel (AGS): 8 digits."""

Postcode = Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")]
Town = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,100}$")
]
"""A town's name without control characters: it is shown on terminals and kept on permanent topics."""

Choice = Annotated[str, StringConstraints(min_length=1, max_length=64)]

Road = Literal["municipal", "district", "land", "federal"]
"""The class of a road: Gemeinde-, Kreis-, Landes- or Bundesstraße."""


class Place(WireModel):
    """A place in an inquiry: exactly one of ARS, AGS and postcode; a town only together with a postcode."""

    ars: RegionalKey | None = None
    ags: MunicipalityKey | None = None
    plz: Postcode | None = None
    town: Town | None = None

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if (self.ars is not None) + (self.ags is not None) + (self.plz is not None) != 1:
            raise ValueError("exactly one of ars, ags and plz is expected")
        if self.town is not None and self.plz is None:
            raise ValueError("a town needs its postcode (plz)")
        return self


class Attributes(WireModel):
    """What competence may depend on besides service, place and day; each attribute may be absent."""

    road: Road | None = None


class Inquiry(WireModel):
    """The question: who is competent for this service at this place on this day, in this case."""

    service: ServiceKey
    place: Place | None = None
    on: date
    choice: Choice | None = None
    attributes: Attributes | None = None


class Reason(StrEnum):
    """Why a person has to decide."""

    UNKNOWN_SERVICE = "unknown-service"
    UNKNOWN_PLACE = "unknown-place"
    AMBIGUOUS_PLACE = "ambiguous-place"
    OUTSIDE_TERRITORY = "outside-territory"
    NOT_OFFERED = "not-offered"
    CHOICE_REQUIRED = "choice-required"
    AMBIGUOUS_COMPETENCE = "ambiguous-competence"


class Why(StrEnum):
    """Why a candidate was not named: another one was, or (the last five) nothing decides between the candidates."""

    OTHER_TOWN = "other-town"
    """The postcode reaches there too, but the town names another municipality."""
    MUNICIPALITY_DECIDES = "municipality-decides"
    """The municipality carries out this district task itself."""
    DISTRICT_DECIDES = "district-decides"
    """The municipality does not meet the condition for deciding itself."""
    NOT_CHOSEN = "not-chosen"
    ANOTHER_WORKS_FOR_IT = "another-works-for-it"
    """An agreement makes another authority act on its behalf."""
    POSSIBLE_PLACE = "possible-place"
    OFFERED = "offered"
    UNVERIFIED = "unverified"
    """The only candidate; its competence is unverified, and this installation parks such answers."""
    UNSETTLED = "unsettled"
    """The sources do not say whether it decides."""
    OTHER_CASE = "other-case"
    """It is competent for some values of the attribute that the decision depends on."""


class Candidate(WireModel):
    """An authority that was considered and not named, and why."""

    authority: AuthorityId
    why: Why


class CompetenceDecision(WireModel):
    """The answer and its explanation.

    ``authority`` is the one that acts; it acts ``onBehalfOf`` others by ``agreements``. ``receivedBy`` are
    authorities at which an application may also be handed in. ``areas`` are the municipalities (AGS of that day)
    that the place stands for. ``rule`` is the id of the competence row. ``verified`` is false when any row
    behind the answer has no checked source. ``dependsOn`` names an attribute that the inquiry leaves open
    and that may change the answer. ``directoryVersion`` is the content hash of the directory.
    """

    outcome: Literal["routed", "parked"]
    authority: AuthorityId | None = None
    reason: Reason | None = None
    candidates: tuple[Candidate, ...] = ()
    rule: str | None = None
    verified: bool = False
    on_behalf_of: tuple[AuthorityId, ...] = ()
    agreements: tuple[str, ...] = ()
    received_by: tuple[AuthorityId, ...] = ()
    use_instead: ServiceKey | None = None
    areas: tuple[str, ...] = ()
    reaches_beyond: bool = False
    depends_on: Literal["road"] | None = None
    inquiry: Inquiry
    directory_version: str
