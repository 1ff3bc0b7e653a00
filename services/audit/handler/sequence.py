"""Facts become leaves: once, in order, together with everything that belongs to them."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from services.audit.domain.append import Appended, LogState, append
from services.audit.domain.pending_entry import PendingEntry
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.pseudonyms import KnownEvents, Pseudonymizer
from services.audit.ports import Ledger, Locked


class Sequencer:
    """Appends to the log. The caller's transaction decides whether it happened."""

    def __init__(self, *, secrecy: Pseudonymizer, random_bytes: Callable[[int], bytes]) -> None:
        self._secrecy = secrecy
        self._random_bytes = random_bytes

    async def append(self, facts: Sequence[PendingEntry], ledger: Ledger) -> Appended:
        """Lock the tree, place what it does not know yet, store. A crash before the commit leaves nothing."""
        locked = await ledger.lock({fact.owner for fact in facts})
        if locked.known_events is None:
            raise ProofRefused("the database was rebuilt; start the service once before you append anything")
        events = KnownEvents(self._secrecy.unwrap(locked.known_events))
        names = {fact.id: events.name(fact.id) for fact in facts}
        state = LogState(
            locked.frontier, await self._known(names, locked, ledger), locked.keys, locked.erased
        )
        appended = append(facts, state, secrecy=self._secrecy, random_bytes=self._random_bytes)
        if appended.entries:
            await ledger.store(appended, [names[each.fact.id] for each in appended.entries])
        return appended

    async def _known(self, names: Mapping[UUID, UUID], locked: Locked, ledger: Ledger) -> frozenset[UUID]:
        taken = await ledger.known(names.values())
        known = {event for event, name in names.items() if name in taken}
        if locked.rebuilt:
            ids = {self._secrecy.event(event): event for event in names}
            known |= {ids[id_] for id_ in await ledger.placed(ids)}
        return frozenset(known)
