"""`amtsweg templates`: every message in every language, to be read before anybody gets it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import Annotated, Final, get_args
from uuid import UUID

import typer

from amtsweg.directory.folder import shipped
from amtsweg.language import said
from amtsweg.new_file import require_free, write_new
from amtsweg.terminal import echo
from services.notifier.adapters.law_files import open_law
from services.notifier.adapters.template_files import read_texts
from services.notifier.domain.deadlines.law import Law, LegalProfile
from services.notifier.domain.message import ApplicantMessage
from services.notifier.domain.period import Extension, Progress
from services.notifier.domain.rendering import Names, Words
from services.notifier.domain.writing import Writer
from shared.directory_names import NamesByKey
from shared.events.notification import MessageKind
from shared.events.submission import Language

KINDS: tuple[MessageKind, ...] = get_args(MessageKind)
LANGUAGES: tuple[Language, ...] = get_args(Language)

commands = typer.Typer(no_args_is_help=True, help="Texte der Nachrichten.")

_RECEIVED: Final = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)
_INVENTED: Final = UUID(int=1)
_AUTHORITY: Final = "g-06531005"
_MISSING: Final = ("Führungszeugnis", "Auszug aus dem Gewerbezentralregister")
_ASKED: Final = Progress(asked_at=_RECEIVED).written() | {"items": str(len(_MISSING))}
_EXTENSION: Final = Extension(at=_RECEIVED, on=date(2026, 1, 12), months=1)
_EXTENDED: Final = Progress(extensions=frozenset({_EXTENSION})).written()


@commands.callback()
def texts() -> None:
    """Texte der Nachrichten."""


@commands.command()
def preview(
    *, to: Annotated[Path | None, typer.Option(help="Seite, die geschrieben wird; sonst eine in var/")] = None
) -> None:
    """Schreibt jede Nachricht in jeder Sprache auf eine Seite."""
    if to is None:
        to = Path("var/templates.html")
        to.unlink(missing_ok=True)
    require_free(to)
    write_new(to, page().encode())
    echo(
        said(
            de=f"{len(KINDS)} Nachrichten in {len(LANGUAGES)} Sprachen: {to}",
            en=f"{len(KINDS)} messages in {len(LANGUAGES)} languages: {to}",
        )
    )


def page() -> str:
    """Return the page: what is written to the applicants of an invented case, once for each wording."""
    parts = [
        '<!DOCTYPE html><html lang="de"><head><meta charset="utf-8"><title>Nachrichten von Amtsweg</title>',
        "<style>iframe { width: 100%; height: 36rem; border: 1px solid #555; } pre { white-space: pre-wrap; }</style>",
        "</head><body><main><h1>Nachrichten von Amtsweg</h1>",
    ]
    for kind in KINDS:
        parts.append(f"<h2>{kind}</h2>")
        for profile, words in wordings(kind):
            title = escape(f"{kind}, {profile}, {words.language}")
            parts += [
                f"<h3>{title}: {escape(words.subject)}</h3>",
                f'<iframe title="{title}" sandbox srcdoc="{escape(words.html)}"></iframe>',
                f'<details><summary>Text</summary><pre lang="{words.language}">{escape(words.text)}</pre></details>',
            ]
    return "\n".join([*parts, "</main></body></html>", ""])


def wordings(kind: MessageKind) -> Iterator[tuple[str, Words]]:
    """Yield what this message says, with the legal profile that it says it for; the same words come once."""
    law, names, writer = _sources()
    known = set[str]()
    authority = names.authorities[_AUTHORITY]
    nameless = Names(service=None, authority=authority.name, sits_in=authority.place)
    missing = _MISSING if kind == "incomplete" else ()
    for profile, service in _profiles(law):
        if not occurs(kind, profile):
            continue
        for language in LANGUAGES:
            message = _invented(kind, service, language)
            same = writer.write(message, nameless, missing=missing).text
            if same not in known:
                known.add(same)
                named = replace(nameless, service=names.services[service].name)
                yield profile.name, writer.write(message, named, missing=missing)


@cache
def _sources() -> tuple[Law, NamesByKey, Writer]:
    law = open_law(shipped())
    return law, NamesByKey.read(shipped()), Writer(read_texts(), law)


def _profiles(law: Law) -> Iterator[tuple[LegalProfile, str]]:
    """Each profile with the first service that has it."""
    found: dict[str, tuple[LegalProfile, str]] = {}
    for service in sorted(law.services):
        row = law.service(service, on=_RECEIVED.date())
        profile = row and law.profile(row.profile, on=_RECEIVED.date())
        if profile:
            found.setdefault(profile.name, (profile, service))
    yield from found.values()


def occurs(kind: MessageKind, profile: LegalProfile) -> bool:
    """Whether a case of this profile can lead to this message, as `plan` has it."""
    match kind:
        case "acknowledgement":
            return profile.kept_by == "announcement"
        case "extension":
            return profile.extension == "once"
        case "deemed-approval" | "certificate":
            return profile.deemed != "none"
        case "trade-certificate":
            return profile.kept_by == "dispatch" and profile.confirmation is not None
    return True


def _invented(kind: MessageKind, service: str, language: Language) -> ApplicantMessage:
    return ApplicantMessage(
        case_id=_INVENTED,
        submission_id=_INVENTED,
        kind=kind,
        revision=1,
        occurred_at=_RECEIVED.replace(day=13),
        receipt_number="AW-2026-7F3K-9Q2M-X4TN",
        received_at=_RECEIVED,
        service=service,
        language=language,
        authority=None if kind in {"receipt", "clearing"} else _AUTHORITY,
        facts={"incomplete": _ASKED, "extension": _EXTENDED}.get(kind, {}),
    )
