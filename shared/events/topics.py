"""The topic catalogue: one table from which topics, ACLs, AsyncAPI, docs and subscriptions are made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from shared.events import case, submission, supplement
from shared.events.answer_refusal import AnswerRefusalsTold
from shared.events.checkpoint import CheckpointPublished
from shared.events.clock import TIME_PASSED
from shared.events.custody import CaseHeld
from shared.events.directory import DirectoryChanged
from shared.events.erasure import CaseErased, EraseOrdered
from shared.events.inbox import INBOX
from shared.events.notification import NotificationRead, NotificationSettled
from shared.events.operation import OPERATIONS, OperationSettled
from shared.events.payload import Payload

BusLogin = Literal[
    "intake",
    "router",
    "doors",
    "desk",
    "notifier",
    "audit",
    "operator-look",
    "operator-desk",
    "operator-directory",
    "operator-operations",
]
"""Our processes, and one login for each duty of their operators; every operator login may read."""
OperatorDuty = Literal["look", "desk", "directory", "operations"]
ConsumerGroup = Literal["intake", "router", "notifier", "audit", "authority"]

PARTITIONS = 6  # the default at set-up; fixed from then on, because custody is kept by partition
MAX_CONTENT_BYTES = 1024 * 1024  # the largest content, as JSON bytes before sealing, that intake takes
INPUT_BYTES = 2 * 1024 * 1024  # the largest record of an input topic: sealed content is base64, then JSON
OUTPUT_BYTES = INPUT_BYTES + 64 * 1024  # of an output topic: every accepted input fits into an output

_SEALED, _UNTIL_READ, _PERMANENT = (timedelta(days=days) for days in (30, 365, 3650))


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A row of the catalogue.

    ``name`` may contain ``<id>``: one topic per authority. ``audited`` is True or the reason why not.
    ``rebuild`` are groups that read it only to rebuild their state, ``followers`` principals that read it without a group.
    ``single``: one partition, whatever was chosen at set-up. ``retention``: None is for ever. ``stamped``: by whose clock.
    """

    name: str
    payloads: tuple[type[Payload], ...]
    key: Literal["case", "object", "message", "log", "land", "service"] = "case"
    producers: tuple[BusLogin, ...]
    audited: Literal[True] | str
    consumers: tuple[ConsumerGroup, ...] = ()
    rebuild: tuple[ConsumerGroup, ...] = ()
    followers: tuple[BusLogin, ...] = ()
    single: bool = False
    retention: timedelta | None = _PERMANENT
    compacted: bool = False
    sealed: bool = False
    stamped: Literal["producer", "broker"] = "producer"
    max_bytes: int = OUTPUT_BYTES

    @property
    def per_authority(self) -> bool:
        """Whether each authority has its own topic."""
        return "<id>" in self.name

    def partitions(self, chosen: int) -> int:
        """How many partitions it is created with; ``chosen`` is the number for topics keyed by case."""
        return 1 if self.single else chosen

    def for_authority(self, authority: str) -> str:
        """The name of this authority's own topic."""
        return self.name.replace("<id>", authority)

    def authority_of(self, name: str) -> str:
        """The authority whose own topic has this name; the inverse of `for_authority`."""
        before, _, after = self.name.partition("<id>")
        return name.removeprefix(before).removesuffix(after)


SUBMISSION_RECEIVED = Topic(
    name="submission.received.v1",
    payloads=(submission.SubmissionReceived,),
    producers=("intake",),
    consumers=("intake", "router", "notifier", "audit"),
    audited=True,
    retention=_SEALED,
    sealed=True,
    max_bytes=INPUT_BYTES,
    stamped="broker",
)
CASE_SUBMITTED = Topic(
    name="case.submitted.v1",
    payloads=supplement.HANDED_IN,
    producers=("intake",),
    consumers=("intake", "router", "audit"),
    audited=True,
    retention=_SEALED,
    sealed=True,
    max_bytes=INPUT_BYTES,
    stamped="broker",
)
CASE_ORDERED = Topic(
    name="case.ordered.v1",
    payloads=(case.RetryOrdered, case.RedeliverOrdered, case.AssignOrdered, EraseOrdered),
    producers=("operator-desk", "desk"),
    consumers=("router", "intake", "notifier", "audit"),
    followers=("desk",),
    audited=True,
)
OPERATION_ORDERED = Topic(
    name="operation.ordered.v1",
    payloads=OPERATIONS,
    key="service",
    producers=("operator-operations", "desk"),
    consumers=("router", "intake", "notifier", "audit"),
    followers=("doors", "desk"),
    audited=True,
)
OPERATION_SETTLED = Topic(
    name="operation.settled.v1",
    payloads=(OperationSettled,),
    key="service",
    producers=("router", "intake", "notifier", "audit"),
    consumers=("audit",),
    audited=True,
)
CASE_ERASED = Topic(
    name="case.erased.v1",
    payloads=(CaseErased,),
    producers=("router", "intake", "notifier"),
    consumers=("audit",),
    audited=True,
    stamped="broker",
)
SUBMISSION_ROUTED = Topic(
    name="submission.routed.v1",
    payloads=(submission.SubmissionRouted, submission.SubmissionParked),
    producers=("router",),
    consumers=("intake", "notifier", "audit"),
    followers=("desk",),
    audited=True,
)
AUTHORITY_INBOX = Topic(
    name="authority.<id>.inbox.v1",
    payloads=INBOX,
    producers=("router",),
    consumers=("authority",),
    followers=("doors",),
    audited="submission.routed.v1 says the same without the sealed content",
    single=True,
    retention=_SEALED,
    sealed=True,
)
CASE_ANSWERED = Topic(
    name="case.answered.v1",
    payloads=(case.CaseAnswered, case.DeliveryFetched),
    producers=("doors",),
    consumers=("router", "audit"),
    followers=("doors",),  # to refill their table of answers after a restore
    audited=True,
    retention=_SEALED,
    sealed=True,
    max_bytes=INPUT_BYTES,
    stamped="broker",
)
CASE_MESSAGE = Topic(  # intake deletes a message once the client has read it, or on erasure
    name="case.message.v1",
    payloads=(case.CaseMessage,),
    key="message",
    producers=("router", "intake"),
    consumers=("intake", "notifier"),
    audited="the sealed parts of case.answered.v1, which is audited",
    retention=_UNTIL_READ,
    compacted=True,
    sealed=True,
)
CASE_UPDATED = Topic(
    name="case.updated.v1",
    payloads=(*case.UPDATES, *supplement.TOLD),
    producers=("router",),
    consumers=("intake", "notifier", "audit"),
    followers=("desk",),
    audited=True,
)
NOTIFICATION_SETTLED = Topic(
    name="notification.settled.v1",
    payloads=(NotificationSettled,),
    producers=("notifier",),
    consumers=("intake", "notifier", "audit"),
    followers=("desk",),
    audited=True,
)
NOTIFICATION_READ = Topic(
    name="notification.read.v1",
    payloads=(NotificationRead,),
    producers=("intake",),
    consumers=("notifier", "audit"),
    audited=True,
    max_bytes=INPUT_BYTES,
)
CASE_CLOCK = Topic(
    name="case.clock.v1",
    payloads=TIME_PASSED,
    producers=("notifier",),
    consumers=("router", "intake", "audit"),
    followers=("doors", "desk"),
    audited=True,
)
CASE_CUSTODY = Topic(
    name="case.custody.v1",
    payloads=(CaseHeld, AnswerRefusalsTold),
    producers=("router",),
    rebuild=("router",),
    followers=("doors", "desk"),
    audited="the router's own state; what happened stands in submission.routed.v1 and case.updated.v1",
    retention=None,
    compacted=True,
)
SUBMISSION_HELD = Topic(
    name="submission.held.v1",
    payloads=(submission.SubmissionHeld,),
    key="object",
    producers=("router",),
    rebuild=("router", "notifier"),
    audited="a copy of submission.received.v1, kept while the case is open",
    retention=None,
    compacted=True,
    sealed=True,
)
DIRECTORY_CHANGED = Topic(
    name="directory.changed.v1",
    payloads=(DirectoryChanged,),
    key="land",
    producers=("operator-directory",),
    consumers=("audit",),
    followers=("router", "doors", "desk"),
    audited=True,
    single=True,
    retention=None,
    stamped="broker",
    max_bytes=INPUT_BYTES,
)
AUDIT_CHECKPOINT = Topic(
    name="audit.checkpoint.v1",
    payloads=(CheckpointPublished,),
    key="log",
    producers=("audit",),
    audited="it speaks about the log itself",
    single=True,
)

CATALOGUE: tuple[Topic, ...] = (
    SUBMISSION_RECEIVED,
    CASE_SUBMITTED,
    CASE_ORDERED,
    OPERATION_ORDERED,
    OPERATION_SETTLED,
    CASE_ERASED,
    SUBMISSION_ROUTED,
    AUTHORITY_INBOX,
    CASE_ANSWERED,
    CASE_MESSAGE,
    CASE_UPDATED,
    NOTIFICATION_SETTLED,
    NOTIFICATION_READ,
    CASE_CLOCK,
    CASE_CUSTODY,
    SUBMISSION_HELD,
    DIRECTORY_CHANGED,
    AUDIT_CHECKPOINT,
)

GROUPS: Mapping[ConsumerGroup, BusLogin] = {g: g for g in ("intake", "router", "notifier", "audit")}
"""The services' consumer groups and the login that runs each."""
SERVICES: tuple[BusLogin, ...] = ("intake", "router", "doors", "desk", "notifier", "audit")
"""The logins of our own processes, named like them."""

SEALED_TOPICS = frozenset(topic.name for topic in CATALOGUE if topic.sealed)


def authority_group(authority: str) -> str:
    """The consumer group of an authority; its committed offset says how far the authority has confirmed its inbox."""
    return f"authority.{authority}"


def consumed_by(group: ConsumerGroup) -> tuple[Topic, ...]:
    """The topics a group subscribes to."""
    return tuple(topic for topic in CATALOGUE if group in topic.consumers)


def audited() -> tuple[Topic, ...]:
    """The topics whose every event becomes a leaf of the audit log."""
    return tuple(topic for topic in CATALOGUE if topic.audited is True)
