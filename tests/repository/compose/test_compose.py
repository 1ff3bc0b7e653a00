"""compose.yaml is valid, tells each service what it must be told and nothing else, and is the local stack's sibling."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from amtsweg.stack.jars import pinned
from amtsweg.stack.services import PROCESSES
from tests.support.settings import PREFIX, SERVICES, settings_of, start, variables

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads(Path(__file__).with_name("compose-spec.json").read_text())
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())


def environment(service: str) -> dict[str, str]:
    return {name: str(value) for name, value in COMPOSE["services"][service]["environment"].items()}


def folders(service: str) -> list[str]:
    """The parts of the key volume that a container sees; `/` for all of it."""
    mounted = COMPOSE["services"][service].get("volumes", [])
    return [
        volume["volume"]["subpath"] if isinstance(volume, dict) else "/"
        for volume in mounted
        if (volume["source"] if isinstance(volume, dict) else volume.split(":")[0]) == "keys"
    ]


def test_it_follows_the_compose_specification() -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(COMPOSE)


def test_the_schema_refuses_what_is_not_compose() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate({"services": {"intake": {"imagine": "amtsweg"}}})


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_with_what_it_is_told(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = start(service, environment(service), files=tmp_path, monkeypatch=monkeypatch)
    assert settings.model_dump()["kafka"]["security_protocol"] == "SASL_SSL"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_everything_that_it_is_told(service: str) -> None:
    told = {name for name in environment(service) if name.startswith(PREFIX)}
    assert told <= set(variables(settings_of(service)))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_without_one_required_value_refuses_to_start(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = environment(service) | {}
    del told["AMTSWEG_KAFKA__BOOTSTRAP"]
    with pytest.raises(ValueError, match="bootstrap"):
        start(service, told, files=tmp_path, monkeypatch=monkeypatch)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_sees_its_own_keys_only(service: str) -> None:
    assert folders(service) == [service]


def test_only_the_jobs_that_make_keys_see_all_of_them() -> None:
    assert {name for name in COMPOSE["services"] if "/" in folders(name)} == {"keys", "servers"}


def test_every_host_with_a_listener_gets_a_certificate() -> None:
    script = COMPOSE["services"]["keys"]["command"][0]
    hosts = re.search(r"for host in ([a-z ]+);", script)
    assert hosts is not None
    listening = set(COMPOSE["services"]) - {"keys", "servers"}
    assert set(hosts.group(1).split()) == listening


@pytest.mark.parametrize("container", sorted(COMPOSE["services"]))
def test_every_container_has_a_limit_of_memory_and_processes(container: str) -> None:
    limits = COMPOSE["services"][container]
    assert re.fullmatch(r"[0-9]+[mg]", str(limits.get("mem_limit")))
    assert 0 < limits.get("pids_limit", 0) <= 512


@pytest.mark.parametrize("container", sorted(COMPOSE["services"]))
def test_no_password_stands_in_arguments_or_environment(container: str) -> None:
    """Everybody on the machine reads the arguments of a process: there are files."""
    told = COMPOSE["services"][container]
    command = " ".join([*_list(told.get("entrypoint")), *_list(told.get("command"))])
    assert not re.search(r"requirepass|password=|\$\(cat [^)]*password|--pass", command)
    secrets = {name for name in told.get("environment", {}) if re.search("PASSWORD|SECRET|TOKEN", name)}
    assert {name for name in secrets if not name.endswith("_FILE")} == set()


def _list(told: str | list[str] | None) -> list[str]:
    return [told] if isinstance(told, str) else told or []


def test_only_loopback_is_published() -> None:
    published = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_every_service_of_the_image_is_a_module() -> None:
    commands = {name: COMPOSE["services"][name]["command"] for name in SERVICES}
    assert commands == {name: ["python", "-m", PROCESSES[name]] for name in SERVICES}


def test_kafka_is_of_the_version_that_the_tests_run_on() -> None:
    (version,) = {jar.version for jar in pinned() if jar.artifact == "kafka_2.13"}
    assert COMPOSE["services"]["kafka"]["image"] == f"apache/kafka:{version}"
