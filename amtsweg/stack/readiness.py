"""What each service says of itself at `/health/ready`, for people at a terminal."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request

from shared.web.unredirected import open_unredirected

_PATIENCE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a service can work; `complaints` says per part what does not, or works only just.

    One that did not answer, or not as a service does, has no complaints and `answered` is false.
    """

    ready: bool
    complaints: Mapping[str, str]
    answered: bool = True


def readiness(urls: Mapping[str, str]) -> dict[str, Readiness]:
    """What the services at these addresses say, asked all at once; one that does not answer is not ready."""
    with ThreadPoolExecutor(max_workers=max(len(urls), 1)) as asking:
        return dict(zip(urls, asking.map(_ask, urls.values()), strict=True))


def _ask(url: str) -> Readiness:
    try:
        try:
            asked = Request(f"{url}/health/ready")  # noqa: S310 - our own address
            with open_unredirected(asked, timeout=_PATIENCE_SECONDS) as answer:
                return Readiness(ready=True, complaints=_complaints(answer.read()))
        except HTTPError as refused:
            with refused:
                return Readiness(ready=False, complaints=_complaints(refused.read()))
    except (OSError, ValueError, HTTPException):
        return Readiness(ready=False, complaints={}, answered=False)


def _complaints(report: bytes) -> dict[str, str]:
    parts = json.loads(report).items()
    return {
        name: str(part["reason"] or part["standing"]) for name, part in parts if part["standing"] != "ready"
    }
