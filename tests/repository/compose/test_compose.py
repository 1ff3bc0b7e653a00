"""compose.yaml is valid, tells each service what it must be told and nothing else, and is the local stack's sibling."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from cryptography import x509
from typer.testing import CliRunner

from amtsweg.__main__ import build
from amtsweg.stack.jars import pinned
from amtsweg.stack.provision_commands import OUTSIDE
from amtsweg.stack.services import PROCESSES
from amtsweg.stack.setup import make_secrets
from services.audit.adapters.witness_http import require_protected
from services.audit.domain.policy import parse_policy
from tests.support.settings import PREFIX, SERVICES, settings_of, start, variables

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads(Path(__file__).with_name("compose-spec.json").read_text())
JOBS = {"keys", "servers", "witnesses"}
WITNESSES = {"witness-1", "witness-2"}
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())


def environment(service: str) -> dict[str, str]:
    """What the file says itself; a name without a value comes from whoever starts it."""
    told = COMPOSE["services"][service]["environment"]
    return {name: str(value) for name, value in told.items() if value is not None}


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


def test_the_schema_refuses_a_file_that_is_not_compose() -> None:
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
    assert {name for name in COMPOSE["services"] if "/" in folders(name)} == JOBS


def test_every_host_with_a_listener_gets_a_certificate() -> None:
    script = COMPOSE["services"]["keys"]["command"][0]
    hosts = re.search(r"for host in ([a-z ]+);", script)
    assert hosts is not None
    listening = set(COMPOSE["services"]) - JOBS - WITNESSES
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


def test_a_dollar_that_is_the_shells_is_doubled() -> None:
    """What Compose makes of another one depends on its version: some refuse the file, some leave it alone."""
    scripts = [text for told in COMPOSE["services"].values() for text in _list(told.get("command"))]
    rest = [re.sub(r"\$\$|\$\{[A-Z_]+(:?[-?+][^}]*)?\}", "", script) for script in scripts]
    assert any("$$" in script for script in scripts)
    assert [text for text in rest if "$" in text] == []


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


def test_every_variable_of_the_caller_is_a_setting_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = {name for name, value in COMPOSE["services"]["desk"]["environment"].items() if value is None}
    given = {
        "AMTSWEG_SIGN_IN__ISSUER": "https://issuer.example",
        "AMTSWEG_SIGN_IN__CLIENT_ID": "desk",
        "AMTSWEG_SIGN_IN__PUBLIC_URL": "https://localhost:8087",
    }
    assert passed == given.keys()
    settings = start("desk", environment("desk") | given, files=tmp_path, monkeypatch=monkeypatch)
    assert settings.model_dump()["sign_in"]["client_id"] == "desk"


def test_the_console_knows_every_other_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = start("desk", environment("desk"), files=tmp_path, monkeypatch=monkeypatch).model_dump()
    urls = {name: str(url).rstrip("/") for name, url in settings["processes"].items()}
    assert urls == {name: f"https://{name}:8443" for name in SERVICES if name != "desk"}
    assert settings["directory"] is not None


@pytest.fixture(scope="module")
def made_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first job makes."""
    folder = tmp_path_factory.mktemp("keys")
    script = COMPOSE["services"]["keys"]["command"][0]
    hosts = re.search(r"for host in ([a-z ]+);", script)
    assert hosts is not None
    certificates = [word for host in hosts.group(1).split() for word in ("--certificate", host)]
    told = CliRunner().invoke(
        build(["provision"]), ["provision", "keys", "--folder", str(folder), *certificates]
    )
    assert told.exit_code == 0, told.output
    return folder


def test_authorities_reach_kafka_at_a_listener_of_their_own(made_keys: Path) -> None:
    assert COMPOSE["services"]["kafka"]["ports"] == ["127.0.0.1:9094:9094"]
    lines = (made_keys / "kafka" / "server.properties").read_text().splitlines()
    told = dict(line.split("=", 1) for line in lines)
    assert "AUTHORITIES:SASL_SSL" in told["listener.security.protocol.map"].split(",")
    assert "AUTHORITIES://0.0.0.0:9094" in told["listeners"].split(",")
    assert f"AUTHORITIES://{OUTSIDE}" in told["advertised.listeners"].split(",")
    assert told["listener.name.authorities.sasl.enabled.mechanisms"] == "SCRAM-SHA-512"
    certificate = x509.load_pem_x509_certificate((made_keys / "kafka" / "certificate.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert OUTSIDE.rpartition(":")[0] in names.get_values_for_type(x509.DNSName)


def test_the_job_makes_both_witnesses_and_a_policy_that_names_them(made_keys: Path, tmp_path: Path) -> None:
    program = ROOT / ".venv-verifier" / "bin"
    if not (program / "aics-witness").exists():
        pytest.skip("aics-witness is missing: run `make verifier`")
    for name in ("keys/audit", "witnesses/witness-1", "witnesses/witness-2"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copy(made_keys / "audit" / "log.vkeys", tmp_path / "keys/audit")
    script = COMPOSE["services"]["witnesses"]["command"][0].replace("$$", "$")
    script = re.sub(r"(?m)^chown.*$", "", re.sub(r"(?<=[ >])/(keys|witnesses)/", rf"{tmp_path}/\1/", script))
    policies = []
    for _ in range(2):  # a second start keeps the keys
        done = subprocess.run(
            ["sh", "-euc", script],
            env={"PATH": f"{program}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        policies.append((tmp_path / "keys/audit/log.policy").read_bytes())
    assert policies[0] == policies[1]
    assert policies[0].decode().count("http://witness-") == 2
    witnesses = parse_policy(policies[0]).witnesses
    named = json.loads(environment("audit")["AMTSWEG_WITNESSES_IN_CLEAR"])
    require_protected(witnesses, in_clear=named)
    with pytest.raises(ValueError, match="beyond loopback only verified TLS"):
        require_protected(witnesses, in_clear=named[1:])


def test_the_witnesses_know_the_log_that_the_audit_service_writes() -> None:
    script = COMPOSE["services"]["witnesses"]["command"][0]
    assert f"--origin {environment('audit')['AMTSWEG_LOG_ORIGIN']} " in script
    assert environment("audit")["AMTSWEG_POLICY_FILE"] == "/run/amtsweg/log.policy"
    assert COMPOSE["services"]["audit"]["depends_on"].keys() == {"servers", "witnesses"}


_PLACE = re.compile(r"/(?:run/amtsweg|keys)(?:/[\w.-]+)+")
_OF_ANOTHER_JOB = {"audit/log.policy"}
"""What `witnesses` makes, from the policy that the test above looks at."""


def _named_files(container: str) -> set[str]:
    """The parts of the key volume that a container's settings, arguments and health check name."""
    told = COMPOSE["services"][container]
    texts = [*map(str, (told.get("environment") or {}).values()), *_list(told.get("command"))]
    found = {path.rstrip(".") for text in texts for path in _PLACE.findall(text)}
    own = next(iter(folders(container)), "")
    return {
        path.removeprefix("/keys/") if path.startswith("/keys/") else path.replace("/run/amtsweg", own)
        for path in found
    }


@pytest.mark.parametrize("container", sorted(set(COMPOSE["services"]) - {"keys", "witnesses"}))
def test_every_file_that_a_container_is_told_of_is_made(container: str, made_keys: Path) -> None:
    """By the first job, or, where it is a password, by the second once the server knows it."""
    secrets = make_secrets(made_keys)
    passwords = {*secrets.kafka.files.values(), *secrets.postgres.files.values()}
    made = {str(path.relative_to(made_keys)) for path in {*made_keys.rglob("*"), *passwords}}
    named = _named_files(container) - _OF_ANOTHER_JOB
    assert named <= made, sorted(named - made)


def test_every_container_with_files_names_some() -> None:
    """Without this the test above could not fail."""
    assert {name for name in COMPOSE["services"] if folders(name) and not _named_files(name)} == set()


@pytest.mark.parametrize("service", SERVICES)
def test_every_server_that_a_service_is_told_of_is_a_container_that_listens_there(service: str) -> None:
    ports = {"kafka": 9092, "postgres": 5432, "redis": 6379, "mail": 1025} | dict.fromkeys(SERVICES, 8443)
    told = environment(service)
    named = {
        (host, int(port))
        for name, text in told.items()
        for host, port in re.findall(r"(?<![\w.])([a-z][a-z0-9-]*):([0-9]{2,5})\b", text)
        if host != "localhost" and name != "AMTSWEG_LOG_ORIGIN"
    }
    assert ("kafka", 9092) in named
    assert named <= set(ports.items())
    outside = {
        int(port) for text in told.values() for port in re.findall(r"https://localhost:([0-9]+)", text)
    }
    published = {int(each.split(":")[1]) for name in SERVICES for each in COMPOSE["services"][name]["ports"]}
    assert outside <= published


def test_every_container_waits_for_what_there_is() -> None:
    for name, told in COMPOSE["services"].items():
        waits = told.get("depends_on", {})
        assert waits.keys() <= COMPOSE["services"].keys(), name
        for other, how in waits.items():
            job = other in JOBS
            assert how["condition"] == ("service_completed_successfully" if job else "service_healthy"), name
            assert job or "healthcheck" in COMPOSE["services"][other], other


def test_postgresql_is_healthy_only_once_it_listens_for_others() -> None:
    """While it is initialised, a first server answers on its socket and is stopped again."""
    assert "--host" in COMPOSE["services"]["postgres"]["healthcheck"]["test"]
