"""Keycloak as houses run it, for signing in: its distribution from Maven, one realm, one person with a password."""

import hashlib
import json
import shutil
import subprocess
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Final

import pytest

from amtsweg.stack import ports
from amtsweg.stack.jars import jars_folder
from amtsweg.stack.process import Command, Part

PERSON, PASSWORD, AUTHORITY = "erika", "nur-im-test", "g-06531005"
REALM, CLIENT, SECRET = "amtsweg", "doors", "s"

_VERSION: Final = "26.0.7"
_SHA256: Final = "25353b74613bcf72db67f8addbd88d832c705a69333091a16573d249d665fe21"
_COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
_NAME: Final = f"keycloak-quarkus-dist-{_VERSION}.zip"


def distribution() -> Path:
    """The archive, beside Kafka's jars; fetched once."""
    folder = jars_folder().parent / "keycloak"
    archive = folder / _NAME
    if not archive.exists():
        maven = shutil.which("mvn")
        if maven is None:
            pytest.skip("Maven is missing, which fetches Keycloak: apt-get install maven")
        folder.mkdir(parents=True, exist_ok=True)
        artifact = f"org.keycloak:keycloak-quarkus-dist:{_VERSION}:zip"
        subprocess.run(
            [
                maven,
                "--batch-mode",
                "--quiet",
                _COPY,
                f"-Dartifact={artifact}",
                f"-DoutputDirectory={folder}",
            ],
            check=True,
            timeout=600,
        )
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert found == _SHA256, f"{archive} is another one: delete it"
    return archive


class Keycloak(Part):
    """One for the doors at this address, whose page lies below ``/clerk``."""

    start_within_s = 300.0

    def __init__(self, var: Path, *, doors: str) -> None:
        super().__init__("keycloak", var=var, port=ports.free_port())
        self._doors = doors
        self._management = ports.free_port()
        self._folder = var / f"keycloak-{_VERSION}"

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}/realms/{REALM}"

    def prepare(self) -> None:
        if not self._folder.exists():
            with zipfile.ZipFile(distribution()) as archive:
                archive.extractall(self.var)
        realm = self._folder / "data" / "import" / "realm.json"
        realm.parent.mkdir(parents=True, exist_ok=True)
        realm.write_text(json.dumps(_realm(self._doors)))

    def command(self) -> Command:
        return Command(
            arguments=[
                "sh",
                str(self._folder / "bin" / "kc.sh"),
                "start-dev",
                "--import-realm",
                "--db=dev-mem",
                "--http-host=127.0.0.1",
                f"--http-port={self.port}",
                f"--http-management-port={self._management}",
            ]
        )

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.issuer}/.well-known/openid-configuration", timeout=5) as told:
                return bool(told.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def _realm(doors: str) -> dict[str, object]:
    """What docs/operations.md asks of a realm: PKCE, and the claim ``authorities`` from an attribute of the person."""
    profile = {
        "unmanagedAttributePolicy": "ENABLED",
        "attributes": [{"name": name} for name in ("username", "email", "firstName", "lastName")],
    }
    return {
        "realm": REALM,
        "enabled": True,
        "sslRequired": "none",
        "components": {
            "org.keycloak.userprofile.UserProfileProvider": [
                {
                    "providerId": "declarative-user-profile",
                    "config": {"kc.user.profile.config": [json.dumps(profile)]},
                }
            ]
        },
        "clients": [_client(doors)],
        "users": [_PERSON_THERE],
    }


def _client(doors: str) -> dict[str, object]:
    return {
        "clientId": CLIENT,
        "enabled": True,
        "secret": SECRET,
        "publicClient": False,
        "standardFlowEnabled": True,
        "redirectUris": [f"{doors}/clerk/signed-in"],
        "attributes": {
            "pkce.code.challenge.method": "S256",
            "post.logout.redirect.uris": f"{doors}/clerk/",
        },
        "protocolMappers": [
            {
                "name": "authorities",
                "protocol": "openid-connect",
                "protocolMapper": "oidc-usermodel-attribute-mapper",
                "config": {
                    "user.attribute": "authorities",
                    "claim.name": "authorities",
                    "jsonType.label": "String",
                    "multivalued": "true",
                    "id.token.claim": "true",
                },
            }
        ],
    }


_PERSON_THERE: Final = {
    "username": PERSON,
    "enabled": True,
    "firstName": "Erika",
    "lastName": "Mustermann",
    "email": "erika@example.org",
    "attributes": {"authorities": [AUTHORITY]},
    "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}],
}
