"""Work on large contents does not hold the event loop, and changes no order; small work costs no thread."""

import asyncio
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.offload import LARGE, offload


async def test_the_event_loop_goes_on_while_large_work_is_held() -> None:
    told = threading.Event()

    def work() -> int:
        assert told.wait(60), "the event loop stood still"
        return threading.get_ident()

    working = asyncio.ensure_future(offload(work, size=LARGE))
    for _ in range(100):  # turns of the loop, in which others are served
        await asyncio.sleep(0)
    assert not working.done()
    told.set()
    assert await working != threading.get_ident()


async def test_small_work_is_done_in_the_event_loop() -> None:
    assert await offload(threading.get_ident, size=LARGE - 1) == threading.get_ident()


@given(st.lists(st.sampled_from([0, LARGE]), max_size=12))
def test_what_one_task_does_keeps_its_order(sizes: list[int]) -> None:
    done: list[int] = []

    async def task() -> None:
        for number, size in enumerate(sizes):
            await offload(lambda number=number: done.append(number), size=size)  # type: ignore[misc] # bound now

    asyncio.run(task())
    assert done == list(range(len(sizes)))


@pytest.mark.parametrize("size", [0, LARGE])
async def test_an_error_reaches_who_waits(size: int) -> None:
    with pytest.raises(ZeroDivisionError):
        await offload(lambda: 1 // 0, size=size)
