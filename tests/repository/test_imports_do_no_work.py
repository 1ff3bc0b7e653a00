"""Importing the project's code opens nothing, connects to nothing and starts nothing."""

import json
import subprocess
import sys

import pytest

from tests.repository.tree import ROOT, modules

WATCH = """
import json, sys, threading
from importlib import import_module
root, names = sys.argv[1], sys.argv[2:]
found = []
def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        path, inside = arguments[0], arguments[0].startswith(root + "/")
        if inside and "/.venv" not in path and not path.endswith((".py", ".pyc")) and "__pycache__" not in path:
            found.append("opens " + path.removeprefix(root + "/"))
    elif event in ("socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.mkdir", "os.remove"):
        found.append(event)
sys.addaudithook(watch)
for name in names:
    import_module(name)
found += [f"starts thread {thread.name}" for thread in threading.enumerate() if thread.name != "MainThread"]
print(json.dumps(sorted(set(found))))
"""


def work_done_by_importing(*names: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", WATCH, str(ROOT), *names],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_no_module_does_anything_when_it_is_imported() -> None:
    names = [
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name, _ in modules("services", "shared", "amtsweg")
        if "/migrations/" not in name and not name.endswith("/alembic/env.py")
    ]
    assert len(names) > 50
    assert work_done_by_importing(*names) == []


def test_work_at_import_would_be_seen() -> None:
    assert work_done_by_importing("tests.repository.busy") == ["opens pyproject.toml", "starts thread busy"]


RARE = {"alembic": "migrations", "opentelemetry.exporter": "traces", "rfc3161_client": "time stamps"}
"""Heavy libraries, and the only work that needs them: whoever does not do it does not pay for them."""

LOADED = "import importlib, sys; [importlib.import_module(n) for n in sys.argv[1:]]; print(*sys.modules)"


@pytest.mark.slow
def test_what_only_rare_work_needs_is_not_loaded_by_every_process() -> None:
    names = ["intake", "router", "router.desk", "router.doors", "notifier"]
    loaded = subprocess.run(
        [sys.executable, "-c", LOADED, *(f"services.{name}.app" for name in names)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    ).stdout.split()
    assert RARE.keys() & set(loaded) == set()
