"""As whom a signed-in person acts: never as more than the register says today."""

from services.router.adapters.clerks import clerks, staff
from shared.access.principal import Principal, PrincipalKind
from shared.web.sign_in import SignedInPerson
from tests.support.events import GIESSEN, RECEIVED_AT

MARBURG, SUSPENDED = "g-06534014", "g-06531018"


def _principal(own_id: str, kind: PrincipalKind, *authorities: str, scopes: str) -> Principal:
    return Principal(
        id=own_id,
        kind=kind,
        name=own_id,
        scopes=frozenset(scopes.split()),
        authorities=frozenset(authorities),
        registered_at=RECEIVED_AT,
    )


REGISTERED = {
    each.id: each
    for each in (
        _principal(GIESSEN, "authority", GIESSEN, scopes="inbox.read answers.write webhooks.write"),
        _principal(MARBURG, "authority", MARBURG, scopes="inbox.read"),
        _principal(SUSPENDED, "authority", scopes="inbox.read answers.write"),
        _principal("betrieb-1", "operator", scopes="operation"),
        _principal("landesplattform", "platform", scopes="submissions.write"),
    )
}
CLERKS, STAFF = clerks(REGISTERED), staff(REGISTERED)


def _person(own_id: str, *authorities: str) -> SignedInPerson:
    return SignedInPerson(id=own_id, name="Erika Mustermann", authorities=frozenset(authorities))


def test_a_clerk_reads_and_answers_for_their_authority_and_no_more() -> None:
    found = CLERKS(_person("sachbearbeitung-1", GIESSEN))
    assert found is not None
    assert (found.id, found.authorities) == ("sachbearbeitung-1", frozenset({GIESSEN}))
    assert found.scopes == {"inbox.read", "answers.write"}


def test_for_two_authorities_only_what_both_may() -> None:
    found = CLERKS(_person("sachbearbeitung-2", GIESSEN, MARBURG))
    assert found is not None
    assert found.scopes == {"inbox.read"}


def test_a_suspended_or_unknown_authority_and_a_platform_are_served_by_nobody() -> None:
    for authority in (SUSPENDED, "g-00000000", "landesplattform"):
        assert CLERKS(_person("sachbearbeitung-1", authority)) is None


def test_only_registered_persons_are_staff_whatever_the_issuer_says() -> None:
    found = STAFF(_person("betrieb-1", GIESSEN))
    assert found is not None
    assert found.scopes == frozenset({"operation", "look"})
    assert found.authorities == frozenset()
    for stranger in ("niemand-1", GIESSEN, "landesplattform"):
        assert STAFF(_person(stranger, GIESSEN)) is None
