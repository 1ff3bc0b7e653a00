"""Beyond loopback only verified TLS: each address that a setting names."""

import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from amtsweg.docs.settings_page import settings
from amtsweg.stack.services import PROCESSES
from services.audit.adapters.witness_http import require_protected
from services.audit.domain.keys import SignatureType, SigningKey
from services.audit.domain.policy import Trusted, parse_policy
from services.notifier.settings import BounceListener, MailboxConnection, SmtpConnection
from shared.settings import (
    HttpListener,
    Issuer,
    KafkaConnection,
    ObjectStoreConnection,
    PeriodSettings,
    PostgresConnection,
    ProtectedUrl,
    SignIn,
    TraceExport,
)

CLEAR = "http://elsewhere.example"

ADDRESS = re.compile(r"(?:^|_)(?:URL|BOOTSTRAP|ISSUER|ENDPOINTS?|PROCESSES|HOST)$")
IN_CLEAR_STORE = (
    ObjectStoreConnection,
    {"url": "http://elsewhere.example/tiles", "access_key_id": "audit", "secret_key_file": Path(__file__)},
)
JUDGED: Mapping[str, tuple[Any, Mapping[str, object]]] = {
    "AMTSWEG_TILE_STORE__URL": IN_CLEAR_STORE,
    "AMTSWEG_LETTERS__STORE__URL": IN_CLEAR_STORE,
    "AMTSWEG_TRACES__ENDPOINT": (TraceExport, {"endpoint": "http://elsewhere.example/"}),
    "AMTSWEG_KAFKA__BOOTSTRAP": (
        KafkaConnection,
        {"bootstrap": "elsewhere.example:9092", "security_protocol": "PLAINTEXT"},
    ),
    "AMTSWEG_POSTGRES__URL": (PostgresConnection, {"url": "postgresql://amtsweg@elsewhere.example/amtsweg"}),
    "AMTSWEG_HTTP__HOST": (HttpListener, {"host": "0.0.0.0"}),
    "AMTSWEG_HTTP__OPERATION_HOST": (HttpListener, {"operation_host": "::"}),
    "AMTSWEG_SMTP__HOST": (SmtpConnection, {"host": "elsewhere.example", "encryption": "none"}),
    "AMTSWEG_SECOND_SMTP__HOST": (SmtpConnection, {"host": "elsewhere.example", "encryption": "none"}),
    "AMTSWEG_BOUNCES__HOST": (BounceListener, {"keys_file": Path(__file__), "host": "0.0.0.0"}),
    "AMTSWEG_MAILBOX__ENDPOINTS": (
        MailboxConnection,
        {"endpoints": {"portal": "http://elsewhere.example/"}, "keys_file": Path(__file__)},
    ),
    "AMTSWEG_SIGN_IN__ISSUER": (
        SignIn,
        {"issuer": "http://elsewhere.example", "client_id": "x", "public_url": "https://here.example"},
    ),
    "AMTSWEG_SIGN_IN__PUBLIC_URL": (
        SignIn,
        {"issuer": "https://here.example", "client_id": "x", "public_url": "http://elsewhere.example"},
    ),
}
"""Each setting that is an address, and its part of the settings with something in clear beyond loopback."""

ALONE = {"AMTSWEG_ISSUER", "AMTSWEG_DOORS_URL", "AMTSWEG_REDIS_URL", "AMTSWEG_PROCESSES"}
"""Settings of the first level: their types are `ProtectedUrl` and `Issuer`, which are judged below."""

IN_CLEAR = {"AMTSWEG_TIMESTAMP_URL": "what is asked for is a hash, and the answer is signed (RFC 3161)"}
"""Addresses that may be in clear, and why."""

WITNESS = SigningKey("one.example", SignatureType.COSIGNATURE, bytes(32))
ISSUER: TypeAdapter[str] = TypeAdapter(Issuer)
URL: TypeAdapter[object] = TypeAdapter(ProtectedUrl)
HERE = ("127.0.0.1", "localhost", "[::1]")
ELSEWHERE = ("192.0.2.7", "kafka.example", "[2001:db8::1]", "127.0.0.1.example", "localhost.example")


def test_every_setting_that_is_an_address_is_tried_here() -> None:
    named = {each.variable for process in PROCESSES for each in settings(process)}
    addresses = {name for name in named if ADDRESS.search(name)}
    assert addresses == {*JUDGED, *ALONE, *IN_CLEAR}


@pytest.mark.parametrize("name", JUDGED)
def test_every_setting_that_is_an_address_is_judged(name: str) -> None:
    model, clear = JUDGED[name]
    with pytest.raises(ValidationError, match="beyond loopback only verified TLS"):
        model.model_validate(clear)


@pytest.mark.parametrize("name", sorted(ALONE))
def test_a_setting_of_the_first_level_has_a_type_that_judges(name: str) -> None:
    models = [import_module(f"{module}.settings").Settings for module in PROCESSES.values()]
    field = name.removeprefix("AMTSWEG_").lower()
    found = [model.model_fields[field] for model in models if field in model.model_fields]
    assert found
    for each in found:
        value: object = {"intake": CLEAR} if name == "AMTSWEG_PROCESSES" else CLEAR
        with pytest.raises(ValidationError, match="beyond loopback only verified TLS"):
            TypeAdapter(_type_of(each)).validate_python(value)


def _type_of(field: FieldInfo) -> Any:
    return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


@pytest.fixture
def login(tmp_path: Path) -> dict[str, str | Path]:
    (tmp_path / "password").touch()
    return {"username": "intake", "password_file": tmp_path / "password"}


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SASL_PLAINTEXT"])
def test_kafka_in_clear_stays_on_this_machine(protocol: str, login: dict[str, str | Path]) -> None:
    for host in HERE:
        KafkaConnection.model_validate({"bootstrap": f"{host}:9092", "security_protocol": protocol, **login})
    for host in ELSEWHERE:
        for bootstrap in (f"{host}:9092", f"127.0.0.1:9092, {host}:9092"):
            with pytest.raises(ValidationError, match="beyond loopback only verified TLS"):
                KafkaConnection.model_validate(
                    {"bootstrap": bootstrap, "security_protocol": protocol, **login}
                )


def test_a_clock_is_set_ahead_on_this_machine_only(login: dict[str, str | Path]) -> None:
    here = {"bootstrap": "127.0.0.1:9092", "security_protocol": "SASL_PLAINTEXT", **login}
    elsewhere = {"bootstrap": "kafka.example:9092", "security_protocol": "SASL_SSL", **login}
    assert PeriodSettings.model_validate({"kafka": here, "clock_ahead": "P1D"}).clock_ahead.days == 1
    with pytest.raises(ValidationError, match="clock_ahead is for a local stack only"):
        PeriodSettings.model_validate({"kafka": elsewhere, "clock_ahead": "P1D"})


@pytest.mark.parametrize(("clear", "secure"), [("http", "https"), ("redis", "rediss")])
def test_an_address_in_clear_stays_on_this_machine(clear: str, secure: str) -> None:
    for host in HERE:
        URL.validate_python(f"{clear}://{host}:6379/0")
    for host in ELSEWHERE:
        URL.validate_python(f"{secure}://{host}:6379/0")
        with pytest.raises(ValidationError, match=f"use {secure}://"):
            URL.validate_python(f"{clear}://{host}:6379/0")


@pytest.mark.parametrize("weakened", ["ssl_cert_reqs=none", "ssl_check_hostname=False"])
def test_tls_without_verification_does_not_count_as_protection(weakened: str) -> None:
    with pytest.raises(ValidationError, match="without verification"):
        URL.validate_python(f"rediss://redis.example:6379/0?{weakened}")


def test_an_issuer_is_kept_as_it_is_written_and_is_https_beyond_loopback() -> None:
    assert ISSUER.validate_python("https://intake.example") == "https://intake.example"
    assert ISSUER.validate_python("http://127.0.0.1:8081") == "http://127.0.0.1:8081"
    with pytest.raises(ValidationError, match="use https://"):
        ISSUER.validate_python("http://intake.example")


def test_postgresql_beyond_loopback_is_verified() -> None:
    for host in HERE:
        PostgresConnection(url=f"postgresql://intake@{host}:5432/amtsweg")
    for host in ELSEWHERE:
        PostgresConnection(url=f"postgresql://intake@{host}:5432/amtsweg?sslmode=verify-full")
        for mode in ("", "?sslmode=prefer", "?sslmode=require", "?sslmode=verify-ca"):
            with pytest.raises(ValidationError, match="use sslmode=verify-full"):
                PostgresConnection(url=f"postgresql://intake@{host}:5432/amtsweg{mode}")


def policy_of(url: str) -> dict[str, Trusted]:
    text = f"witness one {WITNESS.verifier.to_text()} {url}\nquorum one\n"
    return dict(parse_policy(text.encode()).witnesses)


def test_a_witness_in_a_policy_is_an_address_like_any_other() -> None:
    for host in HERE:
        require_protected(policy_of(f"http://{host}:8085"), in_clear=())
    for host in ELSEWHERE:
        require_protected(policy_of(f"https://{host}/log"), in_clear=())
        require_protected(policy_of(f"http://{host}:8085"), in_clear=["one"])
        with pytest.raises(ValueError, match=r"policy, witness one: .* use https://"):
            require_protected(policy_of(f"http://{host}:8085"), in_clear=())


@pytest.mark.parametrize(
    "url", ["ftp://one.example/", "rediss://one.example", "one.example", "postgresql://127.0.0.1/"]
)
@pytest.mark.parametrize("in_clear", [(), ("one",)])
def test_a_witness_is_asked_over_http(url: str, in_clear: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="witness one: expected an https:// URL"):
        require_protected(policy_of(url), in_clear=in_clear)


def test_an_exception_names_a_witness_of_the_policy() -> None:
    with pytest.raises(ValueError, match="the policy has no witness two"):
        require_protected(policy_of("https://one.example"), in_clear=["one", "two"])
    require_protected({}, in_clear=())
