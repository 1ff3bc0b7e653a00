"""Where spans go, if anywhere: OTLP over HTTP.

A module of its own, because the exporter costs every process 8 MB and a third of a second, and few export traces.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

from shared.telemetry import tracing

_SECONDS_PER_EXPORT: Final = 5


def configure(
    service: str,
    *,
    version: str,
    instance: str,
    endpoint: str,
    ca_file: Path | None = None,
    share: float = 1.0,
) -> Callable[[], None]:
    """Send spans to an OTLP endpoint (``https://host:4318/v1/traces``); return what ends that."""
    exporter = OTLPSpanExporter(
        endpoint=endpoint,
        certificate_file=None if ca_file is None else str(ca_file),
        timeout=_SECONDS_PER_EXPORT,
    )
    return export(exporter, service=service, version=version, instance=instance, share=share)


def export(
    exporter: SpanExporter, *, service: str, version: str, instance: str, share: float = 1.0
) -> Callable[[], None]:
    """Hand spans to an exporter until what is returned is called. ``share`` of the traces that begin here are kept."""
    provider = TracerProvider(
        resource=Resource({SERVICE_NAME: service, SERVICE_VERSION: version, SERVICE_INSTANCE_ID: instance}),
        sampler=ParentBasedTraceIdRatio(share),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracing.use(provider.get_tracer("amtsweg", version))

    def end() -> None:
        tracing.use(None)
        provider.shutdown()

    return end
