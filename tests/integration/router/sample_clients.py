"""The sample authorities as a municipality runs them: own login, own key, nothing else."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from amtsweg.stack.service import ServiceProcess
from shared.events.topics import AUTHORITY_INBOX
from tests.integration.router.conftest import Ground, url
from tests.support.fresh_environment import fresh_environment, named_in
from tests.support.sample_authority import FOLDER

NODE = shutil.which("node")


def description(
    ground: Ground, authorities: Sequence[str], *, intake: ServiceProcess, doors: ServiceProcess, folder: Path
) -> Path:
    """The file with the access of these authorities."""
    endpoint = ground.kafka.endpoint
    document = {
        "urls": {"intake": url(intake), "router": url(doors)},
        "kafka": {"bootstrap": endpoint.bootstrap, "securityProtocol": endpoint.security_protocol},
        "authorities": {
            authority: {
                "username": f"authority.{authority}",
                "password": ground.login(f"authority.{authority}").password,
                "inboxTopic": AUTHORITY_INBOX.for_authority(authority),
                "group": f"authority.{authority}",
                "clientId": authority,
                "secret": ground.made.authority_secrets[authority],
                "decryptionKeyFile": str(ground.made.keys.of_authority(authority, "decryption.jwk")),
            }
            for authority in authorities
        },
    }
    path = folder / "behoerde.json"
    path.write_text(json.dumps(document))
    return path


def sample_python(access: Path, eingang: Path) -> AbstractContextManager[None]:
    """The sample in Python, over Kafka, for every authority of the file; installed is what its page names."""
    python = fresh_environment(access.parent / "fresh", named_in(FOLDER / "README.md"))
    return _running(str(python), str(FOLDER / "authority.py"), str(access), "--folder", str(eingang))


def sample_node(access: Path, authority: str, eingang: Path) -> AbstractContextManager[None]:
    """The sample in Node, over HTTP; what fails is tried again almost at once."""
    return _running(str(NODE), str(FOLDER / "authority.mjs"), str(access), authority, str(eingang), "0.1")


@contextmanager
def _running(*command: str) -> Iterator[None]:
    process = subprocess.Popen(command)
    try:
        yield
        assert process.poll() is None, "the sample ended by itself"
    finally:
        process.terminate()
        process.wait(20)
