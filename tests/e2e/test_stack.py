"""`amtsweg up` as a person uses it: a second time, interrupted, with a part that dies, with a supervisor that dies."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import psutil
import pytest

from amtsweg.stack import pidfiles
from amtsweg.stack.description import StackDescription
from amtsweg.stack.ports import LOOPBACK
from amtsweg.stack.services import PROCESSES, WANTED_PORTS
from shared.telemetry.part_words import words_for

PARTS = {
    "kafka", "postgres", "redis", "mail", "issuer", "intake", "router", "doors", "desk", "notifier", "audit", "witness-1", "witness-2",
}  # fmt: skip
READY_WITHIN_S = 180.0


def amtsweg(*arguments: str, var: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "amtsweg", *arguments, "--var", var, "--lang", "en"],
        capture_output=True,
        text=True,
        timeout=READY_WITHIN_S,
        check=False,
    )


@contextmanager
def foreground(var: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "amtsweg", "up", "--var", str(var), "--lang", "en"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)


@contextmanager
def taken_ports() -> Iterator[set[int]]:
    """Wanted ports that are ours while the block runs; what others hold, they may give up at any moment."""
    with ExitStack() as held:
        ours = set[int]()
        for port in WANTED_PORTS.values():
            taken = held.enter_context(socket.socket())
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                taken.bind((LOOPBACK, port))
                taken.listen()
                ours.add(port)
        yield ours


def wait_until(path: Path, *, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while not path.exists():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, f"{path} did not appear within {READY_WITHIN_S} s"
        time.sleep(0.1)


def processes(var: Path) -> list[psutil.Process]:
    """Every process that was started below the folder and still runs."""
    return [p for name in pidfiles.names(var / "run") if (p := pidfiles.recorded(var / "run", name))]


def running(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.mark.timeout(400)
@pytest.mark.long
def test_up_serves_tends_its_services_survives_a_second_up_and_ends_with_the_name_of_a_dead_part(
    var: Path,
) -> None:
    with taken_ports() as taken, foreground(var) as process:
        wait_until(StackDescription.path(var), process=process)
        _serves(var, taken=taken)
        _a_killed_service_comes_back(var)
        _a_service_is_restarted_and_its_log_read(var)
        alive = processes(var)
        psutil.Process(pidfiles.facts(var / "run", "redis")["pid"]).kill()
        output, _ = process.communicate(timeout=90)
    assert process.returncode == 1
    assert "redis ended with code -9" in output
    assert str(var / "log" / "redis.log") in output.replace("\n", "")
    assert not [process for process in alive if running(process)]
    ended = amtsweg("status", var=var)
    assert ended.returncode == 1
    assert "redis ended with code -9" in ended.stderr


def _serves(var: Path, *, taken: set[int]) -> None:
    description = StackDescription.read(var)
    assert StackDescription.path(var).stat().st_mode & 0o777 == 0o600
    assert not taken & {urlsplit(url).port for url in description.urls.model_dump().values()}

    again = amtsweg("up", var=var)
    assert again.returncode == 0
    assert "already runs" in again.stdout
    assert description.urls.intake in again.stdout

    _everything_works(var)
    assert set(pidfiles.names(var / "run")) == PARTS
    _a_hanging_server_is_named(var)
    _everything_works(var)


def _everything_works(var: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while (told := amtsweg("status", var=var)).returncode:
        assert time.monotonic() < deadline, told.stdout
    assert "Everything works." in told.stdout
    assert "`amtsweg dead-letters list`" in told.stdout

    unknown = words_for("intake", "no such part", language="en").means
    services = [part for part in status(var)["parts"] if part["name"] in PROCESSES]
    for service in services:
        with urlopen(f"http://127.0.0.1:{service['port']}/health/ready", timeout=30) as answer:
            parts = json.load(answer)
        words = [words_for(service["name"], part, language="en") for part in parts]
        assert [each.name for each in words if each.means == unknown] == []


def _a_hanging_server_is_named(var: Path) -> None:
    """Its port still takes connections: the system does that."""
    hanging = psutil.Process(pidfiles.facts(var / "run", "witness-1")["pid"])
    hanging.suspend()
    try:
        told = status(var)
    finally:
        hanging.resume()
    assert not told["works"]
    assert "witness-1" in [finding["where"] for finding in told["findings"]]


def status(var: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(amtsweg("status", "--json", var=var).stdout)
    return document


def _a_service_is_restarted_and_its_log_read(var: Path) -> None:
    before = pidfiles.facts(var / "run", "notifier")["pid"]
    restarted = amtsweg("restart", "notifier", var=var)
    assert restarted.returncode == 0, restarted.stderr
    assert pidfiles.facts(var / "run", "notifier")["pid"] != before
    assert amtsweg("restart", "kafka", var=var).returncode == 2

    told = amtsweg("logs", "notifier", "-n", "2", var=var)
    assert [line.split()[0] for line in told.stdout.splitlines()] == ["notifier", "notifier"]
    assert amtsweg("logs", "nobody", var=var).returncode == 2


def _a_killed_service_comes_back(var: Path) -> None:
    before = json.loads((var / "run" / "notifier.json").read_text())
    psutil.Process(before["pid"]).kill()
    deadline = time.monotonic() + 60
    while (now := pidfiles.facts(var / "run", "notifier")).get("restarts") != 1:
        assert time.monotonic() < deadline, "the notifier was not started again"
        time.sleep(0.1)
    assert now["pid"] != before["pid"]


@pytest.mark.timeout(400)
def test_ctrl_c_while_it_starts_leaves_nothing_running(var: Path) -> None:
    with foreground(var) as process:
        wait_until(var / "run" / "kafka.json", process=process)
        alive = processes(var)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=90)
    assert process.returncode == 0, output
    assert alive
    assert not [process for process in alive if running(process)]


@pytest.mark.long
@pytest.mark.timeout(400)
def test_processes_of_a_killed_supervisor_are_ended(var: Path) -> None:
    with foreground(var) as process:
        wait_until(var / "run" / "mail.json", process=process)
        process.kill()
        process.wait(10)
    orphans = processes(var)
    assert orphans

    told = amtsweg("down", var=var)

    assert told.returncode == 0
    assert "stopped" in told.stdout
    assert not [process for process in orphans if running(process)]
