"""The environment variables that a service's settings read, and a dry run of its start from an environment."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic_settings import BaseSettings

from amtsweg.stack.services import PROCESSES

SERVICES = tuple(PROCESSES)
PREFIX = "AMTSWEG_"


def settings_of(service: str) -> type[BaseSettings]:
    found: object = import_module(f"{PROCESSES[service]}.settings").Settings
    assert isinstance(found, type)
    assert issubclass(found, BaseSettings)
    return found


def variables(model: type[BaseModel], prefix: str = PREFIX) -> Iterator[str]:
    """Every variable, nested ones with two underscores."""
    for name, field in model.model_fields.items():
        nested = next((t for t in (field.annotation, *get_args(field.annotation)) if _is_model(t)), None)
        if nested is None:
            yield f"{prefix}{name.upper()}"
        else:
            yield from variables(nested, f"{prefix}{name.upper()}__")


def start(
    service: str, environment: Mapping[str, str], *, files: Path, monkeypatch: pytest.MonkeyPatch
) -> BaseSettings:
    """The service's settings from this environment alone; the files that it names stand in for the real ones."""
    for name in list(variables(settings_of(service))):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        if name.startswith(PREFIX):
            monkeypatch.setenv(name, _existing(name, value, files))
    return settings_of(service)()


def _existing(name: str, value: str, files: Path) -> str:
    if name.endswith("_FILE"):
        stand_in = files / Path(value).name
        stand_in.touch()
        return str(stand_in)
    if name.endswith(("_DIRECTORY", "_FOLDER")):
        return str(files)
    return value


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
