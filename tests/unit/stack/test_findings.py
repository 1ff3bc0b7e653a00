"""What `amtsweg status` finds wrong: causes before consequences, each with what it means and what to do."""

import ast
import re
from pathlib import Path

import pytest

from amtsweg.stack.findings import Finding, findings, told_as_text
from amtsweg.stack.readiness import Readiness
from amtsweg.stack.services import PROCESSES
from amtsweg.stack.supervisor import PartStatus
from shared.local_time import ReadIn
from shared.telemetry.part_words import words_for
from tests.repository.tree import modules
from tests.support.languages import foreign

SERVERS = ("kafka", "postgres", "redis", "mail")
NAMES = (*SERVERS, "issuer", "witness-1", *PROCESSES)
TABLE = Path("shared/telemetry/part_words.toml")
ONE_BROKER = "one copy: of case.updated.v1 a single broker keeps all there is; see docs/operations.md"
WELL = {name: Readiness(ready=True, complaints={"copies": ONE_BROKER}) for name in PROCESSES}


def part(name: str, *, pid: int | None = 7) -> PartStatus:
    return PartStatus(name=name, pid=pid, port=8000, restarts=0, memory_bytes=0)


def found(
    *, ended: str = "", silent: tuple[str, ...] = (), told: dict[str, Readiness] | None = None
) -> list[Finding]:
    parts = [part(name, pid=None if name == ended else 7) for name in NAMES]
    heard = {name: name not in silent for name in NAMES if name not in PROCESSES}
    return findings(parts, answered=heard, told={**WELL, **(told or {})})


def test_where_all_works_nothing_is_found_and_the_one_broker_of_one_machine_is_no_fault() -> None:
    assert found() == []


def test_one_copy_is_found_where_the_cluster_is_not_the_stacks_own() -> None:
    parts = [part(name) for name in PROCESSES]
    (copies,) = findings(parts, answered={}, told=WELL)
    assert copies.words == ONE_BROKER


@pytest.mark.parametrize("name", NAMES)
def test_whatever_has_ended_is_named_with_what_follows_and_what_to_do(name: str) -> None:
    (finding,) = found(ended=name, told={name: Readiness(ready=False, complaints={}, answered=False)})
    assert finding.where == name
    assert "ist beendet" in finding.what
    assert finding.means != words_for("", "unheard of", language="de").means
    assert f"`amtsweg logs {name}`" in finding.do
    assert "von selbst" in finding.do
    assert not any(f"`amtsweg {each}" in finding.do for each in ("down", "restart"))


@pytest.mark.parametrize(
    ("service", "part", "reason", "helps"),
    [
        ("doors", "suspensions", "operation.ordered.v1: the order at 17 cannot be read", "authority suspend"),
        (
            "doors",
            "custody",
            "a record of case.custody.v1 cannot be read: Undecodable",
            "`amtsweg logs doors`",
        ),
        (
            "router",
            "router",
            "x, partition 0, offset 3: lost; order `amtsweg dead-letters go-on router`",
            "What to watch",
        ),
    ],
)
def test_what_cannot_be_read_is_not_taken_for_kafka_being_away(
    service: str, part: str, reason: str, helps: str
) -> None:
    (finding,) = found(told={service: Readiness(ready=False, complaints={part: reason})})
    assert helps in finding.do
    assert "logs kafka" not in finding.do


def test_a_server_that_is_silent_comes_first_and_what_waits_for_it_is_one_finding() -> None:
    waiting = Readiness(ready=False, complaints={"directory": "cannot be read", "lag": "cannot be measured"})
    first, second = found(silent=("kafka",), told={"router": waiting, "doors": waiting})
    assert (first.where, first.what) == ("kafka", "antwortet nicht")
    assert second.where == "router, doors"
    assert "zuerst kafka" in second.do


def test_a_complaint_of_several_services_is_told_once_in_words() -> None:
    complaint = {"lag": "the lag cannot be measured", "lag, begun anew": "begun anew after: TimeoutError"}
    told = Readiness(ready=True, complaints=complaint)
    (finding,) = found(told={"audit": told, "intake": told})
    assert finding.where == "intake, audit"
    assert finding.what == "Rückstand: eingeschränkt"
    assert finding.words == "the lag cannot be measured"
    assert finding.why == "der Rückstand lässt sich nicht messen"
    assert "   Grund: der Rückstand lässt sich nicht messen" in told_as_text([finding])


def test_what_follows_is_said_for_each_service_that_has_the_same_complaint() -> None:
    reason = "consumer: failed, and is being reopened"
    told = {name: Readiness(ready=False, complaints={name: reason}) for name in ("audit", "router")}
    (finding,) = found(told=told)
    assert finding.where == "router, audit"
    assert all(words_for(name, name, language="de").means in finding.means for name in told)


def test_a_service_that_hangs_is_to_be_restarted() -> None:
    (finding,) = found(told={"desk": Readiness(ready=False, complaints={}, answered=False)})
    assert "`amtsweg restart desk`" in finding.do


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_finding_is_said_in_one_language(language: ReadIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMTSWEG_LANG", language)
    other = {"de": r"\b(the|does not|and|is)\b", "en": r"[äöüß]|\b(nicht|und|der|die|das)\b"}[language]
    known = set(re.findall(r'^\[parts\."(.+)"\]$', TABLE.read_text(encoding="utf-8"), re.MULTILINE))
    assert len(known) > 40
    for name in known:
        service, _, own = name.rpartition("/")
        words = words_for(service or "intake", own, language=language)
        own_words = re.sub(r"`[^`]*`|[„\"].*?[“\"]|docs/\S+", "", f"{words.name}. {words.means}. {words.do}")
        assert not re.search(other, own_words), own_words
        assert not foreign(own_words, spoken=language), own_words
    for line in told_as_text(found(silent=("kafka", "witness-1"), ended="desk")):
        assert not re.search(other, re.sub(r"`[^`]*`", "", line)), line


def test_every_part_that_a_service_names_has_words() -> None:
    named = {
        (name.split("/")[1], node.args[0].value)
        for name, tree in modules("services", "shared")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "part"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }
    assert len(named) > 20
    unknown = words_for("intake", "no such part", language="en").means
    assert [each for each in named if words_for(*each, language="en").means == unknown] == []
