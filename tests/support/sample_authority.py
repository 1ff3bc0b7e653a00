"""The sample authority in Python, loaded from its files: they are scripts to be copied, no package."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parents[2] / "examples" / "authority"


def load_sample(name: str = "authority") -> ModuleType:
    """The module of this name; its neighbours are found beside it, as when it runs as a script."""
    sys.path.insert(0, str(FOLDER))
    try:
        spec = importlib.util.spec_from_file_location(f"sample_{name}", FOLDER / f"{name}.py")
        if spec is None or spec.loader is None:
            raise AssertionError(f"no sample {name}")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(FOLDER))
    return module
