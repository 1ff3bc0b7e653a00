"""What the settings page says of a model: names, bounds, secrets, meaning; and that no variable of ours lacks one."""

from datetime import timedelta
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, FilePath
from pydantic_settings import BaseSettings, SettingsConfigDict

from amtsweg.docs.settings_page import settings, variables
from amtsweg.stack.services import PROCESSES


class Server(BaseModel):
    """A server."""

    host: Annotated[str, Field(description="A name or an address.")]
    password_file: FilePath | None = None


class Sample(BaseSettings):
    """Settings of many kinds."""

    model_config = SettingsConfigDict(env_prefix="SAMPLE_", env_nested_delimiter="__")

    server: Server
    keys_file: Annotated[FilePath, Field(description="Holds public keys.")]
    token_file: FilePath
    pause: timedelta = timedelta(seconds=2)
    mode: Literal["quiet", "loud"] = "quiet"
    size: Annotated[int, Field(ge=1, le=9, description="How many.")] = 5
    rate: Annotated[float, Field(gt=0)] = 1.5


SETTINGS = {setting.variable: setting for setting in variables(Sample)}


def test_nested_settings_are_named_with_two_underscores() -> None:
    assert list(SETTINGS) == [
        "SAMPLE_SERVER__HOST",
        "SAMPLE_SERVER__PASSWORD_FILE",
        "SAMPLE_KEYS_FILE",
        "SAMPLE_TOKEN_FILE",
        "SAMPLE_PAUSE",
        "SAMPLE_MODE",
        "SAMPLE_SIZE",
        "SAMPLE_RATE",
    ]


def test_kinds_bounds_and_defaults_are_shown() -> None:
    shown = {name: (setting.kind, setting.default) for name, setting in SETTINGS.items()}
    assert shown == {
        "SAMPLE_SERVER__HOST": ("string", "**required**"),
        "SAMPLE_SERVER__PASSWORD_FILE": ("file", ""),
        "SAMPLE_KEYS_FILE": ("file", "**required**"),
        "SAMPLE_TOKEN_FILE": ("file", "**required**"),
        "SAMPLE_PAUSE": ("duration", "`PT2S`"),
        "SAMPLE_MODE": ("`quiet`, `loud`", "`quiet`"),
        "SAMPLE_SIZE": ("integer, 1 to 9", "`5`"),
        "SAMPLE_RATE": ("number, above 0", "`1.5`"),
    }


def test_files_that_hold_secrets_are_marked() -> None:
    secrets = {name for name, setting in SETTINGS.items() if setting.secret}
    assert secrets == {"SAMPLE_SERVER__PASSWORD_FILE", "SAMPLE_TOKEN_FILE"}


def test_the_meaning_is_the_description_of_the_field() -> None:
    assert {name: setting.meaning for name, setting in SETTINGS.items() if setting.meaning} == {
        "SAMPLE_SERVER__HOST": "A name or an address.",
        "SAMPLE_KEYS_FILE": "Holds public keys.",
        "SAMPLE_SIZE": "How many.",
    }


@pytest.mark.parametrize("process", PROCESSES)
def test_no_variable_lacks_a_meaning(process: str) -> None:
    assert [setting.variable for setting in settings(process) if not setting.meaning] == []
