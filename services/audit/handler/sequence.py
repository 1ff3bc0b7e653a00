"""Facts become leaves: once, in order, together with everything that belongs to them."""

from collections.abc import Callable, Sequence

from services.audit.domain.append import Appended, append
from services.audit.domain.fact import Fact
from services.audit.domain.secrecy import Secrecy
from services.audit.ports import Ledger


class Sequencer:
    """Appends to the log. The caller's transaction decides whether it happened."""

    def __init__(self, *, secrecy: Secrecy, random_bytes: Callable[[int], bytes]) -> None:
        self._secrecy = secrecy
        self._random_bytes = random_bytes

    async def append(self, facts: Sequence[Fact], ledger: Ledger) -> Appended:
        """Lock the tree, place what it does not know yet, store. A crash before the commit leaves nothing."""
        state = await ledger.lock({fact.id for fact in facts}, {fact.owner for fact in facts})
        appended = append(facts, state, secrecy=self._secrecy, random_bytes=self._random_bytes)
        if appended.entries:
            await ledger.store(appended)
        return appended
