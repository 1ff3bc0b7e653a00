"""Metrics and logs of sending: every attempt is counted, timed and logged, without personal data."""

import structlog
from opentelemetry.trace import SpanKind

from services.notifier.ports import Claim, Clock
from shared.events.trace_context import trace_id_of
from shared.telemetry.health import Condition
from shared.telemetry.metrics import Telemetry
from shared.telemetry.tracing import CASE, SpanAttributes, follow


class DeliveryWatch:
    """The `Observer`: counts, times and logs every attempt; shows whether the carrier of the messages works."""

    def __init__(
        self, condition: Condition, *, telemetry: Telemetry, clock: Clock, part: str = "the mail server"
    ) -> None:
        self._condition = condition
        self._part = part
        self._telemetry = telemetry
        self._clock = clock
        self._log = structlog.get_logger().bind(part="sending")
        condition.set("ready")

    def came_to(self, claim: Claim, result: str) -> None:
        self._telemetry.count("messages_sent", channel=claim.message.channel, result=result)
        if result == "sent":
            waited = (self._clock() - claim.message.occurred_at).total_seconds()
            self._telemetry.observe(
                "handover_seconds", max(waited, 0.0), channel=claim.message.channel, kind=claim.message.kind
            )
            self._condition.set("ready")
        elif result in {"server-away", "unwelcome"}:
            self._condition.set("degraded", reason=f"{self._part} is away or refuses us; messages wait")
        waited = max((self._clock() - claim.created_at).total_seconds(), 0.0)
        ids: SpanAttributes = {CASE: str(claim.message.case_id), "amtsweg.message": claim.message.kind}
        follow(
            f"notifier {claim.message.channel}",
            [(claim.message.traceparent, ids)],
            seconds=waited,
            kind=SpanKind.CLIENT,
        )
        write = self._log.info if result in {"sent", "no-contact"} else self._log.warning
        write(
            "message attended to",
            case_id=str(claim.message.case_id),
            kind=claim.message.kind,
            channel=claim.message.channel,
            decision=result,
            attempts=claim.attempts,
            event_id=str(claim.message.id),
            trace_id=trace_id_of(claim.message.traceparent),
        )

    def broken(self, claim: Claim, error: Exception) -> None:
        self._telemetry.count("messages_sent", channel=claim.message.channel, result="internal-error")
        self._log.error(
            "message failed", case_id=str(claim.message.case_id), kind=claim.message.kind, error=error
        )
