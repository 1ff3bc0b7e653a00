"""What each service says of itself at `/health/ready`, for people at a terminal."""

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.error import HTTPError
from urllib.request import urlopen

from amtsweg.language import said

_PATIENCE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a service can work; `complaints` says per part what does not, or works only just."""

    ready: bool
    complaints: Mapping[str, str]

    @property
    def in_words(self) -> str:
        if not self.ready:
            return said(de="nicht bereit", en="not ready")
        return said(de="eingeschränkt", en="degraded") if self.complaints else said(de="bereit", en="ready")


def readiness(urls: Mapping[str, str]) -> dict[str, Readiness]:
    """What the services at these addresses say, asked all at once; one that does not answer is not ready."""
    with ThreadPoolExecutor(max_workers=max(len(urls), 1)) as asking:
        return dict(zip(urls, asking.map(_ask, urls.values()), strict=True))


def _ask(url: str) -> Readiness:
    try:
        try:
            with urlopen(f"{url}/health/ready", timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310 - our own address
                return Readiness(ready=True, complaints=_complaints(answer.read()))
        except HTTPError as refused:
            with refused:
                return Readiness(ready=False, complaints=_complaints(refused.read()))
    except (OSError, ValueError) as silent:
        told = said(de="antwortet nicht", en="does not answer")
        return Readiness(ready=False, complaints={"http": f"{told} ({type(silent).__name__})"})


def _complaints(report: bytes) -> dict[str, str]:
    parts = json.loads(report).items()
    return {
        name: str(part["reason"] or part["standing"]) for name, part in parts if part["standing"] != "ready"
    }


def complaint_lines(told: Mapping[str, Readiness]) -> Iterable[str]:
    """Each complaint under the name of its service; one that several services have is told once."""
    services: dict[str, list[str]] = {}
    for service, each in told.items():
        for part, complaint in each.complaints.items():
            services.setdefault(f"{part}: {complaint}", []).append(service)
    return [f"{', '.join(names)}: {complaint}" for complaint, names in services.items()]
