"""What the settings page says of a model: names, bounds, secrets, and meaning wherever it is written."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, Field, FilePath
from pydantic_settings import BaseSettings, SettingsConfigDict

from amtsweg.docs.settings_page import variables


class Server(BaseModel):
    """A server. ``host`` is a name or an address."""

    host: str
    password_file: FilePath | None = None


class Sample(BaseSettings):
    """Settings of many kinds. ``keys_file`` holds public keys; nobody minds.

    Attributes:
        pause: between two tries,
            never negative.
        mode: how much is shown.
    """

    model_config = SettingsConfigDict(env_prefix="SAMPLE_", env_nested_delimiter="__")

    server: Server
    keys_file: FilePath
    token_file: FilePath
    """Who may ask."""
    pause: timedelta = timedelta(seconds=2)
    mode: Literal["quiet", "loud"] = "quiet"
    size: Annotated[int, Field(ge=1, le=9, description="how many")] = 5
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


def test_the_meaning_is_found_wherever_the_model_says_it() -> None:
    assert {name: setting.meaning for name, setting in SETTINGS.items() if setting.meaning} == {
        "SAMPLE_SERVER__HOST": "`host` is a name or an address.",
        "SAMPLE_KEYS_FILE": "`keys_file` holds public keys; nobody minds.",
        "SAMPLE_TOKEN_FILE": "Who may ask.",
        "SAMPLE_PAUSE": "between two tries, never negative.",
        "SAMPLE_MODE": "how much is shown.",
        "SAMPLE_SIZE": "how many",
    }
