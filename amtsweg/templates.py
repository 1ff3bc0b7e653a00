"""`amtsweg templates`: every message in every language, to be read before anybody gets it."""

from html import escape
from pathlib import Path
from typing import Annotated, get_args

import typer

from amtsweg.language import said
from amtsweg.terminal import echo
from services.notifier.adapters.template_files import read_texts
from services.notifier.domain.message import CURRENT_TEMPLATES
from services.notifier.domain.rendering import REQUIRED
from shared.events.notification import MessageKind
from shared.events.submission import Language

KINDS: tuple[MessageKind, ...] = get_args(MessageKind)
LANGUAGES: tuple[Language, ...] = get_args(Language)

commands = typer.Typer(no_args_is_help=True, help="Texte der Nachrichten.")

_SAMPLE = {
    "receipt_number": "A-2026-000123",
    "service": "Reisegewerbe Erlaubnis",
    "received_on": "12. Januar 2026",
    "authority": "Magistrat der Universitätsstadt Gießen",
    "period": "drei Monate",
    "starts": "vollständige Unterlagen; sie gelten am 15. Januar 2026 als eingegangen",
    "consequence": "ohne Entscheidung bis 15. April 2026 gilt die Erlaubnis als erteilt (§ 42a VwVfG)",
    "remedies": "Widerspruch binnen eines Monats bei der genannten Behörde; danach Klage, Verwaltungsgericht Gießen",
    "missing": "Führungszeugnis, Auszug aus dem Gewerbezentralregister",
    "supplement_received_on": "10. März 2026",
    "period_ends": "15. Mai 2026",
    "reason": "Die Prüfung ist besonders schwierig.",
    "status": "in Bearbeitung",
    "occurred_on": "10. April 2026",
    "fiction_from": "16. April 2026",
    "legal_basis": "§ 42a VwVfG, § 6a Abs. 1 GewO",
    "requirements": "PDF oder PDF/A, höchstens 20 MB, ohne Kennwort",
    "where": "Postfach Ihres Kontos bei der Plattform",
}


@commands.callback()
def texts() -> None:
    """Texte der Nachrichten."""


@commands.command()
def preview(
    *, to: Annotated[Path, typer.Option(help="Seite, die geschrieben wird")] = Path("var/templates.html")
) -> None:
    """Schreibt jede Nachricht in jeder Sprache auf eine Seite."""
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(page(), encoding="utf-8")
    echo(
        said(
            de=f"{len(KINDS)} Nachrichten in {len(LANGUAGES)} Sprachen: {to}",
            en=f"{len(KINDS)} messages in {len(LANGUAGES)} languages: {to}",
        )
    )


def page() -> str:
    """Return the page, with the facts of an invented case."""
    texts = read_texts()[CURRENT_TEMPLATES]
    parts = [
        '<!DOCTYPE html><html lang="de"><head><meta charset="utf-8"><title>Nachrichten von Amtsweg</title>',
        "<style>iframe { width: 100%; height: 36rem; border: 1px solid #555; } pre { white-space: pre-wrap; }</style>",
        "</head><body><main><h1>Nachrichten von Amtsweg</h1>",
    ]
    for kind in KINDS:
        parts.append(f"<h2>{kind}</h2>")
        for language in LANGUAGES:
            words = texts.render(kind, language, sample(kind))
            title = escape(f"{kind}, {language}")
            parts += [
                f"<h3>{title}: {escape(words.subject)}</h3>",
                f'<iframe title="{title}" sandbox srcdoc="{escape(words.html)}"></iframe>',
                f'<details><summary>Text</summary><pre lang="{language}">{escape(words.text)}</pre></details>',
            ]
    return "\n".join([*parts, "</main></body></html>", ""])


def sample(kind: MessageKind) -> dict[str, str]:
    """Return the facts of an invented case, as far as this message says them."""
    return {name: _SAMPLE[name] for name in (*REQUIRED[kind], "service")}
