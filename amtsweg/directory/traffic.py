"""Past submissions as inquiries, from the permanent topic of decisions, and which of them a change would divert."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from datetime import date

from amtsweg.directory.exhaustive_check import answer
from services.router.domain.decision.resolver import Resolver
from services.router.domain.directory.model import Directory
from shared.events.competence import Inquiry
from shared.events.envelope import Undecodable, decode
from shared.events.submission import SubmissionParked, SubmissionRouted
from shared.events.topics import SUBMISSION_ROUTED
from shared.kafka.client import KafkaAddress
from shared.kafka.partitions import partitions_of
from shared.kafka.read_to_end import read_to_end


@dataclass(frozen=True, slots=True, kw_only=True)
class Diverted:
    """Submissions of a service that would have gone from one authority (or reason for parking) to another."""

    service: str
    before: str
    after: str
    count: int
    first: date
    last: date


async def submissions(address: KafkaAddress) -> AsyncIterator[Inquiry]:
    """What was asked when each submission was first decided; those on which the router failed are not among them.

    Raises:
        Unavailable: Kafka is away, or a transaction hangs.
    """
    parked: set[bytes] = set()  # only these are decided again
    starts = dict.fromkeys(await partitions_of(address, SUBMISSION_ROUTED.name), 0)
    async for records in read_to_end(address, starts, faults=True):
        for record in records:
            try:
                data = decode(record.value, record.headers, SUBMISSION_ROUTED.payloads).data
            except Undecodable:
                continue  # it lies in the dead letter of its readers
            submission = dict(record.headers)["ce_submissionid"]
            if submission in parked or not isinstance(data, SubmissionRouted | SubmissionParked):
                continue
            if isinstance(data, SubmissionParked):
                parked.add(submission)
            if data.decision is not None:
                yield data.decision.inquiry


async def diverted(inquiries: AsyncIterable[Inquiry], *, old: Directory, new: Directory) -> list[Diverted]:
    """What the new directory answers otherwise, taken together by service and answers."""
    days: dict[tuple[str, str, str], Counter[date]] = defaultdict(Counter)
    resolvers = Resolver(old), Resolver(new)
    async for inquiry in inquiries:
        before, after = (answer(inquiry, resolver=resolver) for resolver in resolvers)
        if before != after:
            days[inquiry.service, before, after][inquiry.on] += 1
    return [
        Diverted(
            service=service,
            before=before,
            after=after,
            count=found.total(),
            first=min(found),
            last=max(found),
        )
        for (service, before, after), found in sorted(days.items())
    ]
