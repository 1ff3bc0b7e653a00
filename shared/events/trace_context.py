"""The trace context of a request or a record (W3C Trace Context, version 00): an invalid value counts as absent.

A trace helps to find one's way. So a bad one costs the trace and never the case: it is not an error, it is not passed on,
and no part of it is stored or logged. Vendors' additions (``tracestate``, ``baggage``) are neither read nor passed on.
"""

import re
from typing import Final

TRACEPARENT: Final = "traceparent"

_FORM: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def trace_context(value: str | bytes | None) -> str | None:
    """The value of a ``traceparent`` header, if it is one: 55 characters of version 00."""
    if value is None:
        return None
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    return text if _FORM.fullmatch(text) else None


def trace_id_of(traceparent: str | None) -> str | None:
    """The 32 hexadecimal digits by which a trace is found."""
    found = trace_context(traceparent)
    return None if found is None else found[3:35]
