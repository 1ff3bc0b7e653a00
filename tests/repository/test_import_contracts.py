"""The import contracts hold, and each of them bites: a planted violation fails the check that is meant for it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository.tree import ROOT, tracked

pytestmark = pytest.mark.slow

PLANTS = {
    "services/audit/domain/planted.py": "import services.audit.handler\n",
    "services/audit/adapters/planted.py": "import services.audit.settings\nimport services.audit.app\n",
    "services/notifier/adapters/planted.py": "import services.notifier.handler.planning\n",
    "services/intake/adapters/planted.py": "import services.router.domain\nimport amtsweg.docs\n",
    "services/intake/domain/planted.py": "import services.intake.ports\n",
    "services/notifier/domain/planted.py": "import asyncpg\n",
    "services/router/domain/planted.py": "import shared.events.planted\n",
    "shared/events/planted.py": "import shared.engine\nimport aiokafka\n",
    "shared/engine/planted.py": "import services.notifier\n",
    "services/router/desk/undeclared.py": "",
    "services/router/adapters/planted.py": "import services.router.doors.app\n",
    "shared/access/planted.py": "import shared.web.app\n",
    "services/intake/domain/planted_too.py": "import shared.access.principals\n",
    "services/audit/undeclared.py": "",
    "services/audit/handler/circle.py": "import services.audit.handler.circled\n",
    "services/audit/handler/circled.py": """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import services.audit.handler.circle
""",
    "services/intake/adapters/past_the_face.py": "import shared.engine.plan\n",
    "shared/undeclared.py": "",
}

BITES = [
    ("rooms", "services.audit.domain is not allowed to import services.audit.handler"),
    ("rooms", "services.audit.adapters is not allowed to import services.audit.settings"),
    ("rooms", "services.audit.adapters is not allowed to import services.audit.app"),
    ("rooms", "services.intake.domain is not allowed to import services.intake.ports"),
    ("rooms", "- services.audit.undeclared"),
    ("rooms", "services.router.adapters is not allowed to import services.router.doors"),
    ("driven", "services.notifier.adapters is not allowed to import services.notifier.handler"),
    ("processes", "- services.router.desk.undeclared"),
    ("services", "services.intake is not allowed to import services.router"),
    ("floors", "services is not allowed to import amtsweg"),
    ("floors", "shared is not allowed to import services"),
    ("shared", "shared.events is not allowed to import shared.engine"),
    ("shared", "shared.access is not allowed to import shared.web"),
    ("shared", "- shared.undeclared"),
    ("circles", "- .circled -> .circle (1 import)"),
    ("engine", "services.intake.adapters.past_the_face -> shared.engine.plan"),
    ("pure", "services.notifier.domain is not allowed to import asyncpg"),
    ("pure", "services.router.domain is not allowed to import aiokafka"),
    ("pure", "services.intake.domain is not allowed to import shared.access.principals"),
    ("pure", "shared.events is not allowed to import aiokafka"),
    ("pure", "shared.events is not allowed to import shared.engine"),
]

NAMES = {
    "rooms": "In each service imports run downward only",
    "driven": "Of the adapters only HTTP calls handlers",
    "processes": "In each further process of a service imports run downward only",
    "services": "Services meet only on the bus",
    "floors": "The command uses services, services use shared",
    "shared": "In shared imports run downward only",
    "circles": "No circle inside a package, annotations included",
    "engine": "The engine is used by its face alone",
    "pure": "Decisions, ports, handlers and the contract reach no I/O",
}


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter in a copy of the project; it sees only that copy."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=tree,
        env={"PYTHONPATH": str(tree), "PATH": "", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def copy(tree: Path) -> Path:
    for path in tracked():
        name = path.relative_to(ROOT)
        if name.parts[0] in {"services", "shared", "amtsweg"} and name.suffix == ".py":
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, tree / name)
    shutil.copyfile(ROOT / "pyproject.toml", tree / "pyproject.toml")
    return tree


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each contract says about the project with all violations planted."""
    tree = copy(tmp_path_factory.mktemp("planted"))
    for name, text in PLANTS.items():
        (tree / name).write_text(text, encoding="utf-8")
    report = lint(tree)
    assert report.returncode == 1, report.stdout + report.stderr
    details = report.stdout.partition("Broken contracts")[2]
    parts = re.split(r"^(.+)\n-+\n", details, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_contracts_hold(tmp_path: Path) -> None:
    report = lint(copy(tmp_path))
    assert report.returncode == 0, report.stdout
    assert "Contracts: 9 kept, 0 broken." in report.stdout


@pytest.mark.parametrize(("contract", "complaint"), BITES)
def test_a_planted_violation_breaks_its_contract(
    broken: dict[str, str], contract: str, complaint: str
) -> None:
    assert complaint in broken[NAMES[contract]]


def test_every_contract_has_a_plant() -> None:
    assert {contract for contract, _ in BITES} == set(NAMES)
