"""docs/settings.md: the environment variables of each process, from its settings model."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from amtsweg.docs.markdown import code, table
from amtsweg.stack.services import PROCESSES

_HEAD = """# Settings

Made by `make docs` from the `settings.py` of each process. Do not edit.

Each process reads environment variables and refuses to start when one is missing or wrong, naming it. Secrets are
paths of files, never values. Durations are ISO 8601 (`PT30S`) or seconds. `amtsweg up` sets them all for the local
stack; `compose.yaml` shows them in containers.
"""

_SECRET = re.compile(r"(password|keys?|secrets?|tokens?)_file$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One environment variable of a service."""

    variable: str
    kind: str
    default: str
    secret: bool
    meaning: str


def page() -> str:
    """Return the page."""
    return _HEAD + "".join(_section(service) for service in PROCESSES)


def settings(service: str) -> tuple[Setting, ...]:
    """Every variable that the process reads."""
    return variables(import_module(f"{PROCESSES[service]}.settings").Settings)


def variables(model: type[BaseSettings]) -> tuple[Setting, ...]:
    """Every variable that the model reads, nested ones included."""
    prefix = model.model_config.get("env_prefix", "")
    nesting = model.model_config.get("env_nested_delimiter") or ""
    schema = model.model_json_schema(by_alias=False)
    return tuple(
        _settings(model, schema, prefix=prefix, nesting=nesting, definitions=schema.get("$defs", {}))
    )


def _section(service: str) -> str:
    rows = [
        (f"`{s.variable}`", s.kind, s.default, "secret" if s.secret else "", s.meaning)
        for s in settings(service)
    ]
    return f"\n## {service}\n\n{table(('variable', 'value', 'default', '', 'meaning'), rows)}"


def _settings(
    model: type[BaseModel],
    schema: Any,
    *,
    prefix: str,
    nesting: str,
    definitions: Any,
    needed: str = "**required**",
) -> Iterator[Setting]:
    required = schema.get("required", ())
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name}".upper()
        nested = _nested(field)
        node = _resolved(schema["properties"][name], definitions)
        if nested is not None:
            yield from _settings(
                nested,
                node,
                prefix=f"{variable}{nesting}",
                nesting=nesting,
                definitions=definitions,
                needed=needed if name in required else f"needed for `{variable}__…`",
            )
            continue
        meaning = field.description or ""
        yield Setting(
            variable=variable,
            kind=_kind(node),
            default=needed if name in required else _default(node),
            secret=_SECRET.search(name) is not None and "public" not in meaning,
            meaning=meaning,
        )


def _nested(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a setting that is one, optional ones included."""
    for kind in (field.annotation, *get_args(field.annotation)):
        if inspect.isclass(kind) and issubclass(kind, BaseModel):
            return kind
    return None


def _resolved(node: Any, definitions: Any) -> Any:
    if "$ref" in node:
        return {**definitions[node["$ref"].rpartition("/")[2]], **node}
    options = [option for option in node.get("anyOf", []) if option != {"type": "null"}]
    return {**_resolved(options[0], definitions), **node} if options else node


def _kind(node: Any) -> str:
    if "enum" in node:
        return code(map(str, node["enum"]))
    text = {"file-path": "file", "directory-path": "folder"}.get(node.get("format", ""), node.get("format"))
    text = text or node.get("type", "text")
    if "maximum" in node:
        return f"{text}, {node['minimum']} to {node['maximum']}"
    bounds = {"minimum": "at least", "exclusiveMinimum": "above"}
    return ", ".join([str(text), *(f"{word} {node[name]}" for name, word in bounds.items() if name in node)])


def _default(node: Any) -> str:
    return "" if node.get("default") is None else f"`{node['default']}`"
