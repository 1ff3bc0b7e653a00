"""Redis, without persistence: losing it loses nothing (it holds rate windows and cached answers)."""

from pathlib import Path

from redis import Redis as Client
from redis import RedisError

from amtsweg.stack import binaries, ports
from amtsweg.stack.process import Command, Part


class Redis(Part):
    def __init__(self, var: Path, *, port: int) -> None:
        super().__init__("redis", var=var, port=port)

    @property
    def url(self) -> str:
        return f"redis://{ports.LOOPBACK}:{self.port}/0"

    def prepare(self) -> None:
        (self.var / "redis").mkdir(parents=True, exist_ok=True)

    def command(self) -> Command:
        settings = {
            "port": str(self.port),
            "bind": ports.LOOPBACK,
            "dir": str(self.var / "redis"),
            "save": "",
            "appendonly": "no",
            "maxmemory": "64mb",
            "maxmemory-policy": "allkeys-lru",
        }
        arguments = [text for name, value in settings.items() for text in (f"--{name}", value)]
        return Command(arguments=[binaries.redis_server(), *arguments])

    def ready(self) -> bool:
        try:
            with Client.from_url(self.url, socket_timeout=1, retry=None) as client:
                return bool(client.ping())
        except RedisError:
            return False
