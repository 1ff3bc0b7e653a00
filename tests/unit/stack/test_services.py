"""The local stack tells each service what it must be told, and nothing that it does not read."""

from pathlib import Path

import pytest

from amtsweg.stack.endpoints import KafkaEndpoint, PostgresEndpoint
from amtsweg.stack.provision.keys import Keyring
from amtsweg.stack.services import WANTED_PORTS, ServiceEnvironment, environments
from tests.support.settings import PREFIX, SERVICES, settings_of, start, variables


@pytest.fixture
def told(tmp_path: Path) -> dict[str, dict[str, str]]:
    return environments(
        ServiceEnvironment(
            var=tmp_path,
            directory=tmp_path,
            kafka=KafkaEndpoint(bootstrap="127.0.0.1:9092", username="admin", password="secret"),
            postgres=PostgresEndpoint(host="127.0.0.1", port=5432, user="postgres", password="secret"),
            redis_url="redis://127.0.0.1:6379/0",
            smtp_port=1025,
            mailbox_port=1026,
            bounce_port=2526,
            platforms=("landesplattform",),
            keys=Keyring(tmp_path / "keys"),
            log_origin="log.example/one",
            http=WANTED_PORTS,
        )
    )


def test_every_service_is_started(told: dict[str, dict[str, str]]) -> None:
    assert set(told) == set(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_with_what_it_is_told(
    service: str, told: dict[str, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = start(service, told[service], files=tmp_path, monkeypatch=monkeypatch)
    assert settings.model_dump()["http"]["port"] == WANTED_PORTS[service]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_everything_that_it_is_told(service: str, told: dict[str, dict[str, str]]) -> None:
    assert set(told[service]) <= set(variables(settings_of(service)))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gets_only_its_own_keys(service: str, told: dict[str, dict[str, str]]) -> None:
    files = [Path(value) for name, value in told[service].items() if name.endswith("_FILE")]
    assert {path.parent.name for path in files} == {service}


def test_no_service_gets_a_password_in_clear(told: dict[str, dict[str, str]]) -> None:
    assert all("secret" not in value for settings in told.values() for value in settings.values())


def test_every_variable_of_a_service_is_one_of_its_settings(told: dict[str, dict[str, str]]) -> None:
    assert all(name.startswith(PREFIX) for settings in told.values() for name in settings)
