"""An S3 server that we did not write, in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import httpx
from moto.server import ThreadedMotoServer

from shared.object_store import ObjectStore
from tests.support.stack import unique

KEY: Final = {"region": "eu-central-1", "access_key_id": "amtsweg", "secret": "not checked by this server"}


@contextmanager
def object_server() -> Iterator[str]:
    """Run it; what is given is its URL."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        running.stop()


def new_store(server: str, prefix: str) -> partial[ObjectStore]:
    """A prefix in a new bucket, as each of several processes opens it."""
    url = f"{server}/{unique('bucket')}"
    httpx.put(url).raise_for_status()
    return partial(ObjectStore, f"{url}/{prefix}", **KEY)
