"""A unit in trouble is counted, waited for and shown by itself; the group is as well as its worst part."""

import pytest

from shared.engine.supervision import Supervision
from shared.telemetry.health import Condition
from shared.telemetry.metrics import Telemetry

AWAY = OSError("away")


@pytest.fixture
def condition() -> Condition:
    return Condition()


@pytest.fixture
def supervision(condition: Condition) -> Supervision:
    return Supervision("g", condition=condition, telemetry=Telemetry(), failures_before_exit=4)


def shown(condition: Condition) -> tuple[str, str]:
    return condition.standing, condition.reason


def test_a_units_pause_grows_even_if_other_units_progress(supervision: Supervision) -> None:
    pauses = []
    for _ in range(3):
        pauses.append(supervision.unit(3).failed(AWAY))
        supervision.unit(0).progressed()

    assert pauses == sorted(set(pauses))
    with pytest.raises(OSError, match="away"):
        supervision.unit(3).failed(AWAY)
    assert supervision.exhausted


def test_progress_forgives_a_units_own_failures(supervision: Supervision) -> None:
    for _ in range(10):
        supervision.unit(3).failed(AWAY)
        supervision.unit(3).progressed()

    assert not supervision.exhausted


def test_failures_of_the_units_do_not_add_up(supervision: Supervision) -> None:
    for number in range(6):
        for _ in range(3):
            supervision.unit(number).failed(AWAY)

    assert not supervision.exhausted


def test_the_group_is_ready_when_every_unit_is(supervision: Supervision, condition: Condition) -> None:
    supervision.unit(0)
    supervision.unit(1)
    supervision.consumer.opened()
    supervision.unit(0).opened()
    assert shown(condition) == ("starting", "")

    supervision.unit(1).failed(AWAY)
    supervision.unit(0).progressed()
    assert shown(condition) == ("unready", "unit 1: failed, and is being reopened")

    supervision.unit(1).opened()
    assert shown(condition) == ("ready", "")


def test_a_unit_that_has_gone_elsewhere_no_longer_counts(
    supervision: Supervision, condition: Condition
) -> None:
    supervision.consumer.opened()
    supervision.unit(0).opened()
    supervision.unit(1).failed(AWAY)

    supervision.keep({0})

    assert shown(condition) == ("ready", "")


async def test_partitions_that_come_and_go_are_shown_as_a_dispute_until_they_rest(
    condition: Condition,
) -> None:
    now = 0.0
    supervision = Supervision("g", condition=condition, telemetry=Telemetry(), seconds=lambda: now)
    for _ in range(30):
        now += 3
        supervision.assigned(anything=True)
    supervision.unit(0).opened()
    standing, reason = shown(condition)
    assert (standing, "AMTSWEG_INSTANCE" in reason) == ("degraded", True)

    supervision.look_again()
    assert shown(condition)[0] == "degraded"
    now += 60
    supervision.look_again()
    assert shown(condition) == ("ready", "")


async def test_a_standby_and_a_roll_out_are_no_dispute(condition: Condition) -> None:
    now = 0.0
    supervision = Supervision("g", condition=condition, telemetry=Telemetry(), seconds=lambda: now)
    for each in range(40):
        now += 10 if each % 2 else 0
        supervision.assigned(anything=each % 4 == 0)
    assert shown(condition) == ("ready", "")
