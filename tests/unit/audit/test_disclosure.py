"""What a person did is shown where two have agreed, and nowhere else."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from services.audit.domain.disclosure import disclosed, persons
from services.audit.domain.pseudonyms import Opening
from shared.events.payload import PrincipalId
from shared.events.topics import CATALOGUE

SALT = bytes(32)
PERSON = orjson.dumps(TypeAdapter(PrincipalId).json_schema()["pattern"])
_LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5)


def shown(document: object, *evaluated: str) -> bool:
    return disclosed(Opening(SALT, orjson.dumps(document)), evaluated=set(evaluated)) is not None


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"reader": "rechnungshof"}, id="a look"),
        pytest.param({"assignment": {"principal": "rechnungshof"}}, id="an order of the desk"),
        pytest.param(
            {"addedLater": [{"principal": "rechnungshof"}]}, id="a field that a newer service added"
        ),
    ],
)
def test_an_act_is_shown_only_under_an_evaluation_of_that_person(data: dict[str, Any]) -> None:
    event = {"id": "1", "data": data}
    assert not shown(event)
    assert not shown(event, "datenschutz")
    assert shown(event, "rechnungshof", "datenschutz")


def test_an_act_of_two_needs_an_evaluation_of_both() -> None:
    event = {"data": {"reader": "a", "assignment": {"principal": "b"}}}
    assert [shown(event, *names) for names in ((), ("a",), ("b",), ("a", "b"))] == [False, False, False, True]


def test_what_a_service_did_by_itself_is_shown() -> None:
    assert shown(
        {"data": {"authority": "g-06531005", "assignment": {"role": "clearing-desk"}, "reader": None}}
    )
    assert disclosed(None, evaluated={"a"}) is None


def test_every_member_of_an_event_that_names_who_acted_is_known() -> None:
    def members(schema: Any) -> Iterator[str]:
        if isinstance(schema, list):
            for each in schema:
                yield from members(each)
        elif isinstance(schema, dict):
            for name, said in schema.get("properties", {}).items():
                if PERSON in orjson.dumps(said):
                    yield name
            for each in schema.values():
                yield from members(each)

    payloads = {payload for topic in CATALOGUE for payload in topic.payloads}
    named = {name for payload in payloads for name in members(payload.model_json_schema())}
    assert "principal" in named
    assert [name for name in sorted(named) if not persons(orjson.dumps({name: "somebody"}))] == []


@given(
    st.recursive(
        _LEAVES,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["reader", "principal", "x"]), inner, max_size=3)
        ),
    )
)
def test_every_name_at_any_depth_is_found(document: object) -> None:
    def named(value: object) -> set[str]:
        if isinstance(value, dict):
            own = {v for n, v in value.items() if n in {"reader", "principal"} and isinstance(v, str)}
            return own.union(*map(named, value.values()))
        return set().union(*map(named, value)) if isinstance(value, list) else set()

    assert persons(orjson.dumps(document)) == named(document)
