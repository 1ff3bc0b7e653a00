"""Traces: each step follows the one that caused it, and where nothing is configured nothing is made."""

from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI, Request
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from shared.engine.handled_records import log_lines, trace
from shared.events.trace_context import trace_id_of
from shared.kafka.records import Record
from shared.telemetry import trace_export, tracing
from shared.telemetry.health import Health
from shared.telemetry.logs import FIELDS
from shared.telemetry.metrics import Telemetry
from shared.web.app import create_app
from shared.web.noted import note

TRACE = "0af7651916cd43dd8448eb211c80319c"
GIVEN = f"00-{TRACE}-b7ad6b7169203331-01"
CASE = UUID("6f1f5f6e-3c39-5a3b-9d0e-0c8f6a2b1d10")
EVENT = UUID("0d9b3a1e-7a0e-5b1f-8e7c-1b2c3d4e5f60")


class Traced:
    """This process's spans; what is on its way arrives with the end."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.end = trace_export.export(self._exporter, service="intake", version="1", instance="0")

    def ended(self) -> tuple[ReadableSpan, ...]:
        self.end()
        return self._exporter.get_finished_spans()


@pytest.fixture
def spans() -> Iterator[Traced]:
    traced = Traced()
    yield traced
    traced.end()


def record(traceparent: bytes | None) -> Record:
    headers = [("ce_id", str(EVENT).encode()), ("ce_caseid", str(CASE).encode())]
    headers += [] if traceparent is None else [("traceparent", traceparent)]
    return Record("submission.received.v1", 3, 17, 0, b"k", b"{}", tuple(headers))


def application(seen: list[str]) -> FastAPI:
    app = create_app(title="t", version="1", health=Health(), telemetry=Telemetry(), body_limit=10)

    @app.get("/v1/cases/{case}")
    async def case(case: UUID, request: Request) -> str:
        note(request, case_id=case)
        seen.append(request.headers["traceparent"])
        return "ok"

    return app


async def ask(app: FastAPI, path: str, *, traceparent: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        (await client.get(path, headers={"traceparent": traceparent})).raise_for_status()


async def test_a_request_and_the_consumption_of_its_event_are_in_the_trace_of_the_caller(
    spans: Traced,
) -> None:
    request, consumed = await spans_of_a_request(spans)
    assert {f"{each.context.trace_id:032x}" for each in (request, consumed)} == {TRACE}
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == GIVEN.split("-")[2]
    assert consumed.parent is not None
    assert consumed.parent.span_id == request.context.span_id


async def test_spans_are_named_after_route_and_topic_and_state_the_case(spans: Traced) -> None:
    both = await spans_of_a_request(spans)
    assert [each.name for each in both] == ["GET /v1/cases/{case}", "router submission.received.v1"]
    assert [dict(each.attributes or {})[tracing.CASE] for each in both] == [str(CASE)] * 2


async def test_the_span_of_a_consumed_record_lasts_as_long_as_its_batch(spans: Traced) -> None:
    _, consumed = await spans_of_a_request(spans)
    assert (consumed.end_time or 0) - (consumed.start_time or 0) == 200_000_000


async def spans_of_a_request(spans: Traced) -> tuple[ReadableSpan, ReadableSpan]:
    """The span of a request, and that of the record with its event; a record outside of traces has none."""
    seen: list[str] = []
    await ask(application(seen), f"/v1/cases/{CASE}", traceparent=GIVEN)
    trace([record(seen[0].encode()), record(None)], group="router", seconds=0.2)
    request, consumed = spans.ended()
    return request, consumed


async def test_what_machines_ask_every_few_seconds_makes_no_span(spans: Traced) -> None:
    await ask(application([]), "/metrics", traceparent=GIVEN)
    assert spans.ended() == ()


async def test_without_a_receiver_the_trace_goes_on_all_the_same() -> None:
    seen: list[str] = []
    await ask(application(seen), f"/v1/cases/{CASE}", traceparent=GIVEN)
    version, trace_id, span, flags = seen[0].split("-")
    assert (version, trace_id, flags) == ("00", TRACE, "01")
    assert span != GIVEN.split("-")[2]
    assert not tracing.enabled()


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "00",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"zz-{TRACE}-xyz-01",
        f"00-{'g' * 32}-b7ad6b7169203331-01",
    ],
)
def test_a_malformed_trace_context_begins_a_trace_of_its_own(spans: Traced, wrong: str) -> None:
    tracing.begin("step", kind=SpanKind.SERVER, traceparent=wrong).end()
    (span,) = spans.ended()
    assert span.parent is None
    assert trace_id_of(wrong) is None


def test_the_log_names_event_case_and_trace_of_every_record() -> None:
    lines = [*log_lines([record(GIVEN.encode())] * 120)]
    assert [len(line) for line in lines] == [50, 50, 20]
    told = lines[0][0]
    assert (told["event_id"], told["case_id"], told["trace_id"]) == (str(EVENT), str(CASE), TRACE)
    assert told.keys() <= FIELDS


def test_what_is_no_id_is_not_repeated_in_the_log() -> None:
    odd = Record(
        "submission.received.v1",
        3,
        17,
        0,
        b"k",
        b"{}",
        (("ce_id", b"erika@example.org"), ("ce_caseid", "Müller".encode()), ("traceparent", b"\xff")),
    )
    assert [*log_lines([odd])] == [[{"topic": "submission.received.v1", "partition": 3, "offset": 17}]]
