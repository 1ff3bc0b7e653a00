"""What the reader of the demo sees: progress while it runs, the bill and its meaning at the end."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from amtsweg.demo.checks import latencies, one_of_each_kind, per_authority
from amtsweg.demo.journey import Journey
from amtsweg.demo.run import Bill, RunProgress
from amtsweg.demo.silence import Silence
from amtsweg.directory.folder import open_directory
from services.router.domain.decision.explain import explain
from services.router.domain.directory.model import Directory
from shared.local_time import local_day

_MOST = 12
_STORY = """\
Jede Sendung ging über HTTP ein, wurde verschlüsselt, und erst als Kafka sie sicher hatte, gab es die Quittung.
Der Router hat für jede das eine zuständige Amt bestimmt oder sie sichtbar geparkt; er rät nie.
Beispielämter haben ihren Eingang gelesen, entschlüsselt, bestätigt und entschieden. Ein Vorgang ging durch vier
Hände: über Kafka, Abruf, Webhook und die Seite im Browser; zurückgegeben, weitergegeben, ergänzt und bewilligt.
Antragstellende bekamen jede Nachricht, die das Gesetz verlangt, genau einmal. Jedes Ereignis liegt als Blatt im
Protokoll, und ein Prüfprogramm, das nicht von uns ist, hat es bestätigt. Was ein Prüfer mitnimmt, liegt in var/beweis:
die Beweisdatei eines Vorgangs und das Prüfprogramm dazu, eine Datei, die man lesen kann."""


def live(progress: RunProgress) -> Panel:
    """One frame of the live view."""
    seen = progress.seen
    table = Table.grid(padding=(0, 2))
    table.add_row("beantwortet (202)", _bar(progress.answered, progress.requests))
    cases = len({taken.case for taken in progress.taken})
    table.add_row("im Eingang eines Amts", _bar(len(seen.readable_at), cases))
    table.add_row("geparkt", str(len(seen.parked)))
    table.add_row("entschieden", _bar(len(seen.decided), cases - len(seen.parked)))
    table.add_row("E-Mails im Postfach", str(seen.mails.total()))
    table.add_row("Blätter im Protokoll", str(seen.leaves.total()))
    return Panel(table, title=progress.step, title_align="left")


def _bar(done: int, of: int, width: int = 30) -> Text:
    filled = round(width * min(1.0, done / of)) if of else 0
    return (
        Text("━" * filled, style="green") + Text("─" * (width - filled), style="dim") + Text(f" {done}/{of}")
    )


def bill(outcome: Bill, console: Console) -> None:
    """Print the bill: where everything went, why, how fast, whether it adds up, and the proof."""
    directory = open_directory(None)
    console.print(_kinds(outcome, directory), _destinations(outcome, directory))
    console.print(_parked(outcome), _journey(outcome.journey, directory), _figures(outcome), _checks(outcome))
    for verdict in outcome.verdicts:
        console.print(f"[dim]$[/dim] {verdict.command}", soft_wrap=True, highlight=False)
        console.print(Text(f"  {verdict.said}", style="green" if verdict.holds else "red"), soft_wrap=True)
    if outcome.proven is None:
        console.print("[red]Der unabhängige Prüfer fehlt: make verifier holt ihn.[/red]")
    verdict_line = (
        "[bold green]Alles geht auf.[/bold green]"
        if outcome.adds_up
        else "[bold red]Es geht nicht auf.[/bold red]"
    )
    console.print(
        Panel(
            Group(Text(_STORY), Text.from_markup(verdict_line)), title="Was hier geschah", title_align="left"
        )
    )


def silence(seen: Silence, console: Console) -> None:
    """Print what everyone was told of a period that ended in silence."""
    table = Table(
        "Wer", "erfährt", title="Eine Frist läuft in Schweigen ab", title_justify="left", show_lines=True
    )
    told = "\n\n".join(f"[bold]{escape(subject)}[/bold]\n{escape(text)}" for subject, text in seen.mails)
    table.add_row("Antragsteller", Text.from_markup(told))
    table.add_row(f"Amt {seen.authority}", ", ".join(seen.inbox))
    console.print(table)
    verdict = (
        "[bold green]Jeder hat es erfahren.[/bold green]"
        if seen.holds
        else "[bold red]Es fehlt etwas.[/bold red]"
    )
    story = (
        f"Antrag {seen.receipt_number}: Das Amt hat den Eingang bestätigt und dann geschwiegen. Die Uhr der Fristen wurde"
        f" um {seen.days_ahead} Tage vorgestellt. Die Frist endete am {local_day(seen.period_ends)}. Nach einem weiteren"
        " Werktag, und erst als alle Antworten gelesen waren, galt der Antrag als genehmigt."
    )
    console.print(Panel(Group(Text(story), Text.from_markup(verdict)), title="Schweigen", title_align="left"))


def report(outcome: Bill) -> dict[str, Any]:
    """The same as JSON."""
    seen = outcome.seen
    firsts = [t for t in outcome.taken if not t.posting.repetition]
    return {
        "addsUp": outcome.adds_up,
        "requests": len(outcome.taken),
        "submissions": len(firsts),
        "repeated": len(outcome.taken) - len(firsts),
        "routed": per_authority(outcome.taken, seen),
        "parked": dict(_reasons(outcome)),
        "decided": len(seen.decided),
        "mails": {"sent": seen.mails.total(), "unknown": seen.unknown_mails},
        "audit": {"events": len(seen.events), "leaves": seen.leaves.total(), "provenIndex": outcome.proven},
        "milliseconds": {name: round(value, 1) for name, value in latencies(outcome.taken, seen).items()},
        "journey": {
            "case": str(outcome.journey.case),
            "holds": outcome.journey.holds,
            "history": [code for code, _ in outcome.journey.history],
        },
        "seconds": round(outcome.seconds, 1),
        "memoryBytes": outcome.memory_bytes,
        "checks": [
            {"what": c.what, "expected": c.expected, "found": c.found, "holds": c.holds}
            for c in outcome.checks
        ],
        "proof": [{"command": v.command, "holds": v.holds, "said": v.said} for v in outcome.verdicts],
    }


def _kinds(outcome: Bill, directory: Directory) -> Table:
    table = Table(
        "Fall", "Entscheidung", title="Ein Fall von jeder Art", title_justify="left", show_lines=True
    )
    for what, decision in one_of_each_kind(outcome.taken, outcome.seen).items():
        table.add_row(what, explain(decision, directory=directory))
    return table


def _destinations(outcome: Bill, directory: Directory) -> Table:
    table = Table("Amt", "Kennung", "Sendungen", title="Weitergeleitet", title_justify="left")
    counts = list(per_authority(outcome.taken, outcome.seen).items())
    for authority, count in counts[:_MOST]:
        table.add_row(directory.authorities[authority].name, authority, str(count))
    if len(counts) > _MOST:
        table.add_row(
            f"… und {len(counts) - _MOST} weitere Ämter", "", str(sum(c for _, c in counts[_MOST:]))
        )
    return table


def _parked(outcome: Bill) -> Table:
    table = Table("Grund", "Sendungen", title="Geparkt: eine Person entscheidet", title_justify="left")
    for reason, count in sorted(_reasons(outcome).items()):
        table.add_row(reason, str(count))
    return table


def _reasons(outcome: Bill) -> Mapping[str, int]:
    cases = {t.case for t in outcome.taken}
    return Counter(reason for case, reason in outcome.seen.parked.items() if case in cases)


def _journey(walked: Journey, directory: Directory) -> Table:
    title = "Ein Vorgang durch vier Hände: wer ihn hatte, wie er kam, was gesagt wurde"
    table = Table("nach", "wer", "Weg", "sagt", title=title, title_justify="left")
    for step in walked.steps:
        who, what = (_with_names(each, directory) for each in (step.who, step.what))
        table.add_row(f"{step.seconds:.0f} s", who, step.transport, what)
    if walked.told:
        table.caption = f"Die eine Geschichte, wie die Landesplattform sie liest: {' → '.join(walked.told)}"
        table.caption_justify = "left"
    return table


def _with_names(text: str, directory: Directory) -> str:
    return " ".join(
        directory.authorities[word].name if word in directory.authorities else word for word in text.split()
    )


def _figures(outcome: Bill) -> Table:
    ms = latencies(outcome.taken, outcome.seen)
    table = Table("", "p50", "p99", title="Dauer in Millisekunden", title_justify="left")
    table.add_row("Anfrage bis Quittung (202)", f"{ms['acceptedP50']:.0f}", f"{ms['acceptedP99']:.0f}")
    table.add_row("Anfrage bis lesbar im Eingang", f"{ms['inboxP50']:.0f}", f"{ms['inboxP99']:.0f}")
    table.caption = f"{outcome.seconds:.0f} s, {outcome.memory_bytes / 2**20:.0f} MB Arbeitsspeicher"
    return table


def _checks(outcome: Bill) -> Table:
    table = Table("", "erwartet", "gefunden", "", title="Die Rechnung", title_justify="left")
    for check in outcome.checks:
        table.add_row(
            check.what,
            check.expected,
            check.found,
            "✓" if check.holds else "✗",
            style=None if check.holds else "red",
        )
    return table
