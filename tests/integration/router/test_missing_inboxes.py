"""An authority without an inbox, as before its access is made: it takes nothing from the others of its provider."""

from amtsweg.stack.service import ServiceProcess
from tests.integration.router.conftest import Ground
from tests.integration.router.test_inbox import FULDA, KASSEL, open_inboxes, routed

NOT_THERE = "g-00000000"


async def test_an_inbox_that_is_not_there_is_left_out(ground: Ground, router: ServiceProcess) -> None:
    for each in (FULDA, KASSEL):
        await routed(ground, each)
    async with open_inboxes(ground) as inboxes:
        told = await inboxes.standing([FULDA, NOT_THERE, KASSEL])
        existing = await inboxes.existing([NOT_THERE, FULDA])
        committed = await inboxes.committed([NOT_THERE, FULDA])

    assert [each.authority for each in told if each.end] == [FULDA, KASSEL]
    assert existing == [FULDA]
    assert committed.keys() == {NOT_THERE, FULDA}
    assert committed[NOT_THERE] == 0
