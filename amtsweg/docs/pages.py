"""Which pages are made from the code, written or compared."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from amtsweg.docs import (
    answer_schemas,
    asyncapi,
    chambers_map,
    custody_page,
    dashboard,
    events_page,
    messages_page,
    metrics_page,
    settings_page,
)
from shared.bounded_files import LARGE, read_bounded_text

PAGES: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "docs/events.md": events_page.page,
        "docs/asyncapi.yaml": asyncapi.page,
        "docs/schemas/answer-content.json": answer_schemas.content,
        "docs/schemas/answer-notice.json": answer_schemas.notice,
        "docs/settings.md": settings_page.page,
        "docs/metrics.md": metrics_page.page,
        "deploy/grafana/amtsweg.json": dashboard.page,
        "docs/custody.md": custody_page.page,
        "docs/messages.md": messages_page.page,
        "docs/images/ihk.svg": chambers_map.page,
    }
)


def stale(root: Path) -> tuple[str, ...]:
    """Return the pages below the project's folder that say something else than the code."""
    return tuple(path for path, page in PAGES.items() if _text(root / path) != page())


def write(root: Path) -> tuple[str, ...]:
    """Write the pages that are stale, and return them."""
    changed = stale(root)
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(PAGES[path](), encoding="utf-8")
    return changed


def _text(file: Path) -> str | None:
    return read_bounded_text(file, most=LARGE) if file.exists() else None
