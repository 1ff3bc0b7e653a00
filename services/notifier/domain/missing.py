"""The list of missing items in the authority's words: read from its sealed notice, and made safe for a mail."""

from collections.abc import Sequence
from typing import Final

from pydantic import ValidationError

from services.notifier.domain.rendering import LINK
from shared.events.sealed_answer import MAX_NOTICE_BYTES, AnswerNotice

_SAID: Final = {":": ": / /", "@": " (at) ", "w": "www ", "m": "mailto "}
"""What is said instead of what mail programs turn into a link: nobody outside the platform leads a reader anywhere."""


class NoticeUnreadable(Exception):  # noqa: N818 - what the notice is, in the project's vocabulary
    """An opened notice is no list of what is missing; the text never repeats its content."""


def missing_items(document: bytes) -> Sequence[str]:
    """Return what is missing, item by item: at most 20, one line of at most 200 characters each before they are made safe.

    Raises:
        NoticeUnreadable: it is too large, no `AnswerNotice`, or names nothing.
    """
    if len(document) > MAX_NOTICE_BYTES:
        raise NoticeUnreadable(f"the notice has more than {MAX_NOTICE_BYTES} bytes")
    try:
        notice = AnswerNotice.model_validate_json(document)
    except ValidationError as error:
        raise NoticeUnreadable(f"the notice is not as described, in {error.error_count()} places") from None
    if not notice.missing:
        raise NoticeUnreadable("the notice names nothing that is missing")
    return [_unlinked(item) for item in notice.missing]


def _unlinked(item: str) -> str:
    return LINK.sub(lambda found: _SAID[found[0][0].lower()], item)
