"""What a container of compose.yaml may do, whose image it runs, and who reaches it."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from amtsweg.__main__ import build
from tests.repository.compose.test_compose import COMPOSE, JOBS, ROOT, WITNESSES
from tests.support.settings import SERVICES

pytestmark = pytest.mark.slow

OURS = {*SERVICES, *WITNESSES}
MADE_HERE = {"amtsweg", "amtsweg-witness"}
NO_DIGEST = "the digest has to be read from the registry by whoever deploys: docker buildx imagetools inspect"
UNPINNED = dict.fromkeys(
    (
        "apache/kafka:4.2.2",
        "postgres:18",
        "redis:7",
        "axllent/mailpit:v1.27",
        "python:3.11-slim-bookworm",
    ),
    NO_DIGEST,
)
"""Images that are named by a tag alone, and why. A tag can be moved: whoever deploys puts the digest behind it."""

PUBLISHED = {
    "intake": "127.0.0.1:8081:8443",
    "doors": "127.0.0.1:8082:8443",
    "notifier": "127.0.0.1:8083:8443",
    "audit": "127.0.0.1:8084:8443",
    "desk": "127.0.0.1:8087:8443",
    "router": "127.0.0.1:8088:8443",
    "kafka": "127.0.0.1:9094:9094",
    "mail": "127.0.0.1:8025:8025",
}
"""Every port that leaves the containers' own network. Stores have none."""

DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
TAG = re.compile(r"^[a-z0-9./-]+:v?[0-9][A-Za-z0-9._-]*$")


def images() -> set[str]:
    """Every image that is not made here, the bases of ours included."""
    used = {told["image"] for told in COMPOSE["services"].values()}
    bases = re.findall(r"(?m)^FROM (\S+)", (ROOT / "deploy" / "Dockerfile").read_text())
    return {*used, *bases} - MADE_HERE


@pytest.mark.parametrize("container", sorted(COMPOSE["services"]))
def test_no_process_gains_privileges(container: str) -> None:
    told = COMPOSE["services"][container]
    assert told["security_opt"] == ["no-new-privileges:true"]
    assert not told.keys() & {"privileged", "cap_add", "devices", "pid", "ipc", "network_mode", "userns_mode"}


@pytest.mark.parametrize("container", sorted(OURS))
def test_what_is_ours_has_no_capability_and_writes_to_its_volumes_only(container: str) -> None:
    told = COMPOSE["services"][container]
    assert (told["cap_drop"], told["read_only"]) == (["ALL"], True)


def test_root_is_for_the_jobs_that_hand_out_keys() -> None:
    assert {name for name, told in COMPOSE["services"].items() if "user" in told} == JOBS
    stages = re.split(r"(?m)^FROM ", (ROOT / "deploy" / "Dockerfile").read_text())[1:]
    served = [stage for stage in stages if re.search(r"(?m)^(CMD|ENTRYPOINT)", stage)]
    assert len(served) == len(MADE_HERE)
    assert all(re.search(r"(?m)^USER amtsweg$", stage) for stage in served)


def test_nobody_sees_the_machine_or_its_containers() -> None:
    """Only named volumes: no folder of the machine, no socket of the container engine."""
    for name, told in COMPOSE["services"].items():
        for volume in told.get("volumes", ()):
            source = volume["source"] if isinstance(volume, dict) else volume.split(":")[0]
            assert source in COMPOSE["volumes"], name


def test_every_image_is_named_by_its_digest_or_it_is_said_why_not() -> None:
    without = {image for image in images() if not DIGEST.search(image)}
    assert without == UNPINNED.keys()
    assert all(TAG.match(image) for image in without)


@pytest.mark.parametrize("image", ["postgres", "postgres:latest", "postgres:18@sha256:1234", "redis:alpine"])
def test_an_image_name_without_version_or_with_half_a_digest_is_refused(image: str) -> None:
    assert not DIGEST.search(image)
    assert not TAG.match(image)


def test_the_ports_that_are_meant_to_be_reached_are_and_no_others() -> None:
    published = {name: told["ports"] for name, told in COMPOSE["services"].items() if "ports" in told}
    assert published == {name: [port] for name, port in PUBLISHED.items()}


def test_no_password_is_known_before_it_is_made(tmp_path: Path) -> None:
    """Two installations have not one secret in common; no container has one of its image."""
    made = [secrets_of(tmp_path / name) for name in ("one", "other")]
    assert made[0].keys() == made[1].keys()
    assert {"kafka/admin-password", "postgres/superuser-password", "redis/redis.conf"} <= made[0].keys()
    assert {name for name, secret in made[0].items() if secret == made[1][name]} == set()
    told = COMPOSE["services"]["postgres"]["environment"]
    assert told.keys() == {"POSTGRES_PASSWORD_FILE", "POSTGRES_INITDB_ARGS"}
    assert "--auth-host=scram-sha-256" in told["POSTGRES_INITDB_ARGS"]


def secrets_of(folder: Path) -> dict[str, bytes]:
    """What the first job makes that somebody could log in or open something with."""
    done = CliRunner().invoke(build(["provision"]), ["provision", "keys", "--folder", str(folder)])
    assert done.exit_code == 0, done.output
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    secret = re.compile(r"password|\.conf$|\.keys?$|\.jwks?$|key\.pem$|format-arguments")
    return {name: path.read_bytes() for name, path in found.items() if secret.search(name)}
