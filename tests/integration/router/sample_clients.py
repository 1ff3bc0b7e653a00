"""The sample authorities as a municipality runs them: own login, own key, nothing else."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from amtsweg.stack.service import ServiceProcess
from shared.events.topics import AUTHORITY_INBOX
from tests.integration.router.conftest import Ground, url
from tests.support.sample_authority import FOLDER


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
                "password": ground.made.kafka.passwords[f"authority.{authority}"],
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


@asynccontextmanager
async def sample_python(access: Path, eingang: Path) -> AsyncIterator[None]:
    """The sample in Python, over Kafka, for every authority of the file."""
    async with _running(sys.executable, str(FOLDER / "authority.py"), str(access), "--folder", str(eingang)):
        yield


@asynccontextmanager
async def _running(*command: str) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(*command)
    try:
        yield
        assert process.returncode is None, "the sample ended by itself"
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await asyncio.wait_for(process.wait(), 20)
