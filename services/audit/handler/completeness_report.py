"""How complete the log is, now or as of a day: what should have followed and has not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from operator import attrgetter

from services.audit.domain.completeness import Obligation, unmet
from services.audit.ports import Account, Clock, ObligationWatch, RuleStanding, UnmetCase
from shared.local_time import CIVIL_TIME

_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class Accounts:
    """Draws up accounts of one log."""

    watch: ObligationWatch
    clock: Clock

    async def now(self) -> Account:
        """How things stand, from what is kept up behind the log."""
        now = self.clock()
        return Account(
            at=now,
            judged=await self.watch.judged(),
            standing=await self.watch.standing(now),
            overdue=await self.watch.overdue(now, limit=_SHOWN),
        )

    async def on(self, day: date) -> Account:
        """How things stood when this day ended (German time), from the log alone; takes time with its length."""
        end = datetime.combine(day + timedelta(days=1), time(), CIVIL_TIME)
        at = min(end, self.clock())
        found: list[UnmetCase] = []
        async for case, history in self.watch.histories(at):
            found += [UnmetCase(case, each) for each in unmet(history)]
        overdue = sorted((each for each in found if each.unmet.due <= at), key=attrgetter("unmet.due"))
        return Account(at=at, judged=None, standing=_standing(found, at), overdue=overdue[:_SHOWN])


def _standing(found: Sequence[UnmetCase], at: datetime) -> Sequence[RuleStanding]:
    open_ = Counter(each.unmet.rule for each in found)
    overdue = Counter(each.unmet.rule for each in found if each.unmet.due <= at)
    oldest: dict[str, Obligation] = {}
    for each in found:
        oldest[each.unmet.rule] = min(
            oldest.get(each.unmet.rule, each.unmet), each.unmet, key=attrgetter("since")
        )
    return [RuleStanding(rule, open_[rule], overdue[rule], oldest[rule].since) for rule in sorted(open_)]
