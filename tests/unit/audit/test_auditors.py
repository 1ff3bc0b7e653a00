"""Auditors are principals like all others: their secrets overlap, end, and are revoked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from joserfc.jwk import ECKey

from amtsweg.credentials import auditor_token, rolled_credential
from services.audit.adapters.auditors import RegisteredAuditors
from services.audit.settings import Settings
from services.intake.adapters.jwt import JwtTokens
from services.intake.domain.client import Bearer
from shared.access.principal import AUDIENCE_OF, SCOPES, Principal, PrincipalKind
from shared.errors import Unavailable
from tests.support.auditors import LONG_AGO, PrincipalsHere, auditor, auditors

NOW = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)
_SIGNING = ECKey.generate_key("P-256", {"kid": "tokens-1"}).as_dict(private=True)
TOKEN = auditor_token("pruefung-3", "rolled")


def known(*principals: Principal) -> RegisteredAuditors:
    return RegisteredAuditors(PrincipalsHere({each.id: each for each in principals}))


def test_a_token_opens_what_its_scopes_say() -> None:
    found = auditors({TOKEN: ("audit.look", "audit.export")}).find(TOKEN, NOW)
    assert found is not None
    assert (found.name, sorted(found.rights)) == ("pruefung-3", ["export", "look"])


def test_every_scope_of_the_audit_service_is_a_right() -> None:
    scopes = [scope for scope, audience in SCOPES.items() if audience == "audit"]
    found = auditors({TOKEN: scopes}).find(TOKEN, NOW)
    assert found is not None
    assert len(found.rights) == len(scopes)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "pruefung-3",
        "pruefung-3.",
        "pruefung-3.other",
        "pruefung-4.rolled",
        ".rolled",
        "rolled",
        "x" * 9000,
    ],
)
def test_nobody_else_is_let_in(token: str) -> None:
    assert auditors({TOKEN: ("audit.look",)}).find(token, NOW) is None


def test_two_secrets_hold_while_one_takes_over_from_the_other() -> None:
    before = replace(auditor(TOKEN, "audit.look"))
    ending = replace(before.credentials[0], valid_until=NOW + timedelta(days=14))
    newer = rolled_credential("newer", now=NOW)
    rotated = known(replace(before, credentials=(ending, newer)))

    for token in (TOKEN, auditor_token("pruefung-3", "newer")):
        assert rotated.find(token, NOW) is not None
    assert rotated.find(TOKEN, NOW + timedelta(days=15)) is None
    assert rotated.find(auditor_token("pruefung-3", "newer"), NOW + timedelta(days=15)) is not None


def test_a_revoked_auditor_is_unknown() -> None:
    assert known().find(TOKEN, NOW) is None  # a revoked principal is not read


@pytest.mark.parametrize("kind", [kind for kind in AUDIENCE_OF if kind != "auditor"])
def test_no_other_kind_of_principal_looks_at_the_log(kind: PrincipalKind) -> None:
    other = auditor(TOKEN, "audit.look")
    assert known(replace(other, kind=kind)).find(TOKEN, NOW) is None


def test_an_auditor_with_a_key_only_has_no_token() -> None:
    keyed = replace(rolled_credential("", now=LONG_AGO), key={"kty": "EC"}, secret_hash=None)
    assert known(replace(auditor(TOKEN, "audit.look"), credentials=(keyed,))).find(TOKEN, NOW) is None


def test_an_unreadable_register_is_an_outage_and_no_refusal() -> None:
    class Away:
        def get(self, principal: str) -> Principal | None:
            raise Unavailable(f"{principal}: not read lately")

    with pytest.raises(Unavailable):
        RegisteredAuditors(Away()).find(TOKEN, NOW)


def test_the_log_opens_to_no_key_of_the_token_endpoint() -> None:
    """An access token, signed by intake for this very service, is nobody's; the service has no setting for its keys."""
    tokens = JwtTokens([_SIGNING], issuer="https://intake.example", clock=lambda: NOW)
    bearer = Bearer(
        client_id="pruefung-3", scopes=frozenset({"audit.look"}), credential="secret-1", audience="audit"
    )
    assert auditors({TOKEN: ("audit.look",)}).find(tokens.issue(bearer), NOW) is None
    assert not [name for name in Settings.model_fields if "token" in name or "issuer" in name]
