"""What an assignment suggests for the directory, and that the loader takes it once a person has completed it."""

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from uuid import uuid4

import pytest

from amtsweg.language import CommandLanguage
from services.router.domain.decision import proposal_draft
from services.router.domain.decision.proposal_draft import skeleton
from services.router.domain.decision.proposals import Assigned, DeskProposal, is_settled, proposals
from services.router.domain.decision.resolver import Resolver
from services.router.domain.directory.model import Directory
from services.router.domain.directory.parse import parse_directory
from services.router.domain.directory.tables import COLUMNS, BrokenDirectory
from shared.events.competence import CompetenceDecision, Inquiry, Place, Reason
from shared.events.submission import Assignment
from tests.support.directories import BOAT, NORDMARK_TABLES
from tests.support.languages import foreign
from tests.support.routing import resolve

AT = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)
HAFEN, DEICH = "g-01001000", "g-01051001"
UNKNOWN = "99999999999999"
NOWHERE = Place(plz="24999")


@cache
def nordmark() -> Directory:
    return directory_with({})


def assigned(
    *,
    service: str = BOAT,
    place: Place | None = None,
    authority: str = HAFEN,
    minutes: int = 0,
    reason: Reason | None = None,
) -> Assigned:
    inquiry = Inquiry(service=service, place=place, on=date(2026, 1, 12))
    decision = resolve(inquiry, directory=nordmark())
    if reason is not None:
        decision = CompetenceDecision(
            outcome="parked", reason=reason, inquiry=inquiry, directory_version="sha256:0"
        )
    assert decision.authority is None
    return Assigned(
        case=uuid4(),
        at=AT + timedelta(minutes=minutes),
        authority=authority,
        decision=decision,
        assignment=Assignment(role="Klärungsstelle", reason="geklärt", principal="klaerung-7"),
    )


def proposal(one: Assigned) -> DeskProposal:
    (found,) = proposals([one])
    return found


def completed(changed: Mapping[str, str], **cells: str) -> dict[str, str]:
    """The last line of each table with these cells filled in, as a person would."""
    texts = {}
    for table, text in changed.items():
        *kept, line = text.splitlines()
        (row,) = csv.reader([line])
        filled = dict(zip(COLUMNS[table], row, strict=True))
        filled |= {name: cell for name, cell in cells.items() if name in filled and not filled[name]}
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerow(filled.values())
        texts[table] = "".join(f"{each}\n" for each in kept) + out.getvalue()
    return texts


def directory_with(changed: Mapping[str, str]) -> Directory:
    return parse_directory("01", "Nordmark", {**NORDMARK_TABLES, **changed})


def test_assignments_of_one_kind_are_one_proposal() -> None:
    found = proposals(
        [
            assigned(place=NOWHERE),
            assigned(place=NOWHERE, authority=DEICH, minutes=1),
            assigned(place=NOWHERE, minutes=2),
            assigned(service=UNKNOWN, minutes=3),
        ]
    )

    assert [len(each.assigned) for each in found] == [2, 1, 1]
    assert len({each.id for each in found}) == 3
    assert found[0].last.at == AT + timedelta(minutes=2)


def test_a_proposal_is_data_with_role_and_reason_and_the_version_that_did_not_decide() -> None:
    one = assigned(place=NOWHERE)

    told = proposal(one).to_json()

    assert told["service"] == BOAT
    assert told["place"] == {"plz": "24999"}
    assert (told["parkedBecause"], told["authority"]) == ("unknown-place", HAFEN)
    assert told["assignments"] == [
        {
            "at": AT.isoformat(),
            "case": str(one.case),
            "on": "2026-01-12",
            "rule": one.decision.rule,
            "directoryVersion": nordmark().version,
            "role": "Klärungsstelle",
            "reason": "geklärt",
            "principal": "klaerung-7",
        }
    ]


@pytest.mark.parametrize(
    ("one", "to_complete"),
    [
        pytest.param(
            assigned(service=UNKNOWN),
            {"legal_basis": "§ 1", "source": "Erlass", "name": "Neue Leistung", "typing": "5"},
            id="a service that no row names",
        ),
        pytest.param(
            assigned(service=UNKNOWN, authority="land-nordmark"),
            {"legal_basis": "§ 1", "source": "Erlass", "name": "Neue Leistung", "typing": "5"},
            id="an authority that decides for all places",
        ),
        pytest.param(assigned(place=NOWHERE), {"other_land": "no"}, id="a postcode that no list knows"),
    ],
)
def test_the_draft_is_refused_until_a_person_has_completed_it(
    one: Assigned, to_complete: dict[str, str]
) -> None:
    changed = skeleton(proposal(one), directory=nordmark()).over(NORDMARK_TABLES)

    with pytest.raises(BrokenDirectory, match=r"is empty|expected yes or no"):
        directory_with(changed)
    after = directory_with(completed(changed, **to_complete))
    asked = one.decision.inquiry
    if one.decision.reason is Reason.UNKNOWN_SERVICE:
        asked = asked.model_copy(update={"place": Place(ags="01001000")})
    assert resolve(asked, directory=after).authority == one.authority


def test_a_town_that_is_missing_becomes_a_locality() -> None:
    one = assigned(place=Place(plz="24900", town="Neudorf"))

    changed = skeleton(proposal(one), directory=nordmark()).over(NORDMARK_TABLES)

    assert set(changed) == {"localities"}
    after = directory_with(changed)
    assert resolve(one.decision.inquiry, directory=after).authority == HAFEN
    assert is_settled(proposal(one), resolver=Resolver(after))
    assert not is_settled(proposal(one), resolver=Resolver(nordmark()))


@pytest.mark.parametrize(
    ("one", "said"),
    [
        pytest.param(assigned(reason=Reason.CHOICE_REQUIRED), "nicht gewählt", id="a choice"),
        pytest.param(assigned(), "Schlüssel", id="a missing place"),
        pytest.param(
            assigned(place=Place(plz="24902")),
            "Angabe des Ortes",
            id="several places",
        ),
    ],
)
def test_where_no_line_would_help_the_draft_says_so(one: Assigned, said: str) -> None:
    draft = skeleton(proposal(one), directory=nordmark())

    assert draft.over(NORDMARK_TABLES) == {}
    assert said in draft.remark["de"]


@pytest.mark.parametrize("spoken", ["de", "en"])
def test_every_remark_of_a_draft_is_in_both_languages(spoken: CommandLanguage) -> None:
    remarks = [each for each in vars(proposal_draft).values() if isinstance(each, dict) and "en" in each]
    assert len(remarks) >= 7
    for each in remarks:
        assert each["de"] != each["en"]
        assert not foreign(each[spoken], spoken=spoken), each


def test_a_further_rule_of_a_service_has_a_number_of_its_own() -> None:
    one = assigned(service=BOAT, place=NOWHERE, reason=Reason.AMBIGUOUS_COMPETENCE)

    draft = skeleton(proposal(one), directory=nordmark())

    assert draft.lines["competences"][0].startswith(f"{BOAT}-2,{BOAT},,municipality,")
    assert f"Die Regel {BOAT}-1 muss dafür enden" in draft.remark["de"]


def test_a_further_area_of_a_postcode_is_noted_although_it_decides_nothing() -> None:
    one = assigned(place=Place(plz="24902"), authority=DEICH)

    draft = skeleton(proposal(one), directory=nordmark())

    assert draft.lines == {"postcodes": ("24902,01051001,listed,no,,",)}
    assert "Eindeutig wird der Ort dadurch nicht" in draft.remark["de"]


def test_an_authority_that_the_directory_has_lost_leaves_the_place_to_a_person() -> None:
    lost = replace(assigned(place=NOWHERE), authority="g-00000000")

    (line,) = skeleton(proposal(lost), directory=nordmark()).lines["postcodes"]

    assert line == "24999,,listed,no,,"
