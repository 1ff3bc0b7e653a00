"""The demo from start to bill: boot, post, watch, add up."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from amtsweg.demo import observe, proof
from amtsweg.demo.checks import BillLine, Seen, TakenPosting, check_all, expected_mails
from amtsweg.demo.demo_words import step_word
from amtsweg.demo.journey import Journey, walk
from amtsweg.demo.platform import Platform, post_all
from amtsweg.demo.scenarios import postings
from amtsweg.stack import supervisor
from amtsweg.stack.description import StackDescription
from amtsweg.stack.stack import Report, StartStep
from services.audit.adapters.key_files import read_secrecy

AUTHORITY = Path("examples/authority/authority.py")
CALM_RATE = 20.0
"""Submissions a second in the first half."""
LOAD_RATE = 100.0
"""Submissions a second in the second half: under load."""
STILL_S = 90.0
_LOOK_EVERY_S = 0.5


@dataclass(slots=True, kw_only=True)
class RunProgress:
    """Where the run stands, for whoever shows it."""

    requests: int
    step: str = ""
    seen: Seen = field(default_factory=Seen)
    taken: list[TakenPosting] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What the demo ends with."""

    taken: Sequence[TakenPosting]
    seen: Seen
    checks: Sequence[BillLine]
    verdicts: Sequence[proof.VerifierVerdict]
    proven: int | None
    journey: Journey
    seconds: float
    memory_bytes: int

    @property
    def adds_up(self) -> bool:
        """Whether every check holds."""
        return all(check.holds for check in self.checks)


@contextmanager
def stack(var: Path, *, report: Report) -> Iterator[StackDescription]:
    """The running stack, or one that lives as long as the demo."""
    if supervisor.supervisor(var) is not None:
        report(StartStep("stack", "ready"))
        yield StackDescription.read(var)
        return
    try:
        yield supervisor.start_detached(var, report=report)
    finally:
        report(StartStep("stack", "stopping"))
        supervisor.stop(var)


@asynccontextmanager
async def sample_authorities(var: Path, authorities: Sequence[str]) -> AsyncIterator[None]:
    """Run the sample authority for these ids, each under its own credentials."""
    description = StackDescription.path(var)
    (var / "log").mkdir(parents=True, exist_ok=True)
    with (var / "log" / "authorities.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, AUTHORITY, description, *authorities, "--folder", var / "eingang", stdout=log, stderr=log
        )  # fmt: skip
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def run(description: StackDescription, *, var: Path, progress: RunProgress) -> Bill:
    """Post everything, wait until nothing moves any more, and add up."""
    began = time.perf_counter()
    wanted = postings(progress.requests, run=f"demo-{int(time.time())}")
    authorities = sorted({p.authority for p in wanted if p.authority is not None})
    progress.step = step_word("coming in")
    async with sample_authorities(var, authorities), Platform.of(description) as platform:
        watching = asyncio.create_task(
            observe.watch_inboxes(description.kafka, description.authorities, seen=progress.seen)
        )
        walking = asyncio.create_task(walk(description))  # beside all the others, in their traffic
        try:
            half = len(wanted) // 2
            await post_all(platform, wanted[:half], rate=CALM_RATE, taken=progress.taken)
            await post_all(platform, wanted[half:], rate=LOAD_RATE, taken=progress.taken)
            progress.step = step_word("answering")
            await settle(description, progress=progress)
            progress.step = step_word("walking")
            journey = await walking
        finally:
            for beside in (watching, walking):
                beside.cancel()
            await asyncio.gather(watching, walking, return_exceptions=True)
    progress.step = step_word("verifying")
    verdicts, proven = await asyncio.to_thread(prove, description, progress.seen)
    if (case := _told_to_its_end(progress)) is not None:
        carried = await asyncio.to_thread(proof.carry_away, description, case=case, folder=var / "beweis")
        verdicts = (*verdicts, carried)
        if not carried.holds:
            progress.seen.log_verified = None
    return Bill(
        taken=progress.taken,
        seen=progress.seen,
        checks=(*check_all(progress.requests, progress.taken, progress.seen), journey.line()),
        verdicts=verdicts,
        proven=proven,
        journey=journey,
        seconds=time.perf_counter() - began,
        memory_bytes=sum(part.memory_bytes for part in supervisor.status(var)),
    )


async def settle(description: StackDescription, *, progress: RunProgress, still_s: float = STILL_S) -> None:
    """Look until the bill adds up, or nothing has come for a while: a slow machine takes its time, but goes on."""
    cases, came, deadline = {taken.case for taken in progress.taken}, -1, 0.0
    while True:
        await look(description, cases=cases, seen=progress.seen)
        if _at_rest(progress.taken, progress.seen):
            return
        if (there := _there(progress.seen)) > came:
            came, deadline = there, time.monotonic() + still_s
        elif time.monotonic() > deadline:
            return
        await asyncio.sleep(_LOOK_EVERY_S)


def _there(seen: Seen) -> int:
    """How much has come: the events of these cases, their leaves, and mails, each once."""
    return len(seen.events) + len(seen.events & seen.leaves.keys()) + len(seen.mails)


async def look(description: StackDescription, *, cases: set[UUID], seen: Seen) -> None:
    """Read every store anew."""
    seen.events.clear()
    seen.parked.clear()
    seen.decided.clear()
    seen.mails.clear()
    seen.leaves.clear()
    seen.unknown_mails = 0
    seen.repeats.clear()
    await observe.read_topics(description.kafka, cases=cases, seen=seen)
    await observe.read_inboxes(description.kafka, description.authorities, seen=seen)
    await asyncio.to_thread(observe.read_mail, description.smtp.maildir, seen=seen)
    audit = description.audit
    await asyncio.to_thread(observe.read_leaves, audit.tile_directory, audit.pseudonym_key_file, seen=seen)


def _at_rest(taken: Sequence[TakenPosting], seen: Seen) -> bool:
    cases = {t.case for t in taken}
    mails = expected_mails(taken, parked=seen.parked)
    return (
        cases <= seen.decided | seen.parked.keys()
        and len(mails) <= sum(m in seen.mails for m in mails) + seen.unknown_mails
        and all(count <= 1 + seen.repeats[m] for m, count in seen.mails.items())
        and seen.events <= seen.leaves.keys()
    )


def _told_to_its_end(progress: RunProgress) -> UUID | None:
    """A case that was decided, or at least parked."""
    cases = [taken.case for taken in progress.taken]
    return next((case for case in cases if case in progress.seen.decided), next(iter(cases), None))


def prove(description: StackDescription, seen: Seen) -> tuple[tuple[proof.VerifierVerdict, ...], int | None]:
    """Have the log and one of this run's entries verified by the independent verifier."""
    tiles, secrecy = description.audit.tile_directory, read_secrecy(description.audit.pseudonym_key_file)
    events = set(map(secrecy.event, seen.events))
    ours = [index for index, id_ in enumerate(observe.entries(tiles)) if id_ in events]
    if not ours or not proof.VERIFIER.exists():
        return (), None
    chosen = ours[len(ours) // 2]
    verdicts = proof.verify(
        tiles,
        verifier_key=description.audit.verifier_key,
        policy_file=description.audit.policy_file,
        index=chosen,
    )
    if all(verdict.holds for verdict in verdicts):
        seen.log_verified = "ja (aics-tlog)"
    return verdicts, chosen
