"""What the reader of the demo sees: progress while it runs, the bill and its meaning at the end."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from amtsweg.demo.checks import latencies, one_of_each_kind, per_authority
from amtsweg.demo.demo_words import case_word
from amtsweg.demo.journey import Journey
from amtsweg.demo.run import STILL_S, Bill, RunProgress
from amtsweg.directory.folder import open_directory
from amtsweg.language import language, said
from amtsweg.parked_words import in_words
from services.router.domain.decision.explain import explain
from services.router.domain.directory.model import Directory

_MOST = 12
_STORY_DE = """\
Jede Sendung ging über HTTP ein, wurde verschlüsselt, und erst als Kafka sie sicher hatte, gab es die Quittung.
Der Router hat für jede das eine zuständige Amt bestimmt oder sie sichtbar geparkt; er rät nie.
Beispielämter haben ihren Eingang gelesen, entschlüsselt, bestätigt und entschieden. Ein Vorgang ging durch vier
Hände: über Kafka, Abruf, Webhook und die Seite im Browser; zurückgegeben, weitergegeben, ergänzt und bewilligt.
Antragstellende bekamen jede Nachricht, die das Gesetz verlangt, genau einmal. Jedes Ereignis liegt als Blatt im
Protokoll, und ein Prüfprogramm, das nicht von uns ist, hat es bestätigt. Was ein Prüfer mitnimmt, liegt in var/beweis:
die Beweisdatei eines Vorgangs und das Prüfprogramm dazu, eine Datei, die man lesen kann."""
_STORY_EN = """\
Every submission came in over HTTP and was encrypted; the receipt was given only once Kafka had it for certain.
For each the router found the one competent authority, or parked it in the open; it never guesses.
Sample authorities read their inboxes, decrypted, confirmed and decided. One case went through four hands: over Kafka,
pull, webhook and the page in the browser; returned, forwarded, supplemented and granted.
Applicants got each message that the law demands, exactly once. Each event is a leaf in the log, and a verifier that is
not ours has confirmed it. What an auditor takes away lies in var/beweis: the evidence file of a case, and the program
that verifies it, one file that a person can read."""


def live(progress: RunProgress) -> Panel:
    """One frame of the live view."""
    seen = progress.seen
    table = Table.grid(padding=(0, 2))
    table.add_row(
        said(de="beantwortet (202)", en="answered (202)"), _bar(len(progress.taken), progress.requests)
    )
    cases = len({taken.case for taken in progress.taken})
    table.add_row(
        said(de="im Eingang eines Amts", en="in an authority's inbox"), _bar(len(seen.readable_at), cases)
    )
    table.add_row(said(de="geparkt", en="parked"), str(len(seen.parked)))
    table.add_row(said(de="entschieden", en="decided"), _bar(len(seen.decided), cases - len(seen.parked)))
    table.add_row(said(de="E-Mails im Postfach", en="e-mails in the mailbox"), str(seen.mails.total()))
    table.add_row(said(de="Blätter im Protokoll", en="leaves in the log"), str(seen.leaves.total()))
    return Panel(table, title=progress.step, title_align="left")


def _bar(done: int, of: int) -> Text:
    width = 30
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
        console.print(
            said(
                de="[red]Der unabhängige Prüfer fehlt: make verifier holt ihn.[/red]",
                en="[red]The independent verifier is missing: make verifier fetches it.[/red]",
            )
        )
    console.print(
        Panel(
            _story(outcome),
            title=said(de="Was hier geschah", en="What happened here"),
            title_align="left",
        )
    )


def _story(outcome: Bill) -> Group:
    """What happened; where the bill does not add up, only what is missing, for the rest would be a promise."""
    if outcome.adds_up:
        verdict = said(de="Alles geht auf.", en="Everything adds up.")
        return Group(
            Text(" ".join(said(de=_STORY_DE, en=_STORY_EN).split())), Text(verdict, style="bold green")
        )
    broken = "; ".join(check.what for check in outcome.checks if not check.holds)
    verdict = said(de=f"Es geht nicht auf: {broken}.", en=f"It does not add up: {broken}.")
    help_ = said(
        de=f"So stand es, als {STILL_S:.0f} Sekunden lang nichts mehr kam. Was die Dienste dazu sagen, liegt in var/log.",
        en=f"So it stood when nothing had come for {STILL_S:.0f} seconds. What the services say about it lies in var/log.",
    )
    return Group(Text(verdict, style="bold red"), Text(help_))


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
        said(de="Fall", en="Case"),
        said(de="Entscheidung", en="Decision"),
        title=said(de="Ein Fall von jeder Art", en="One case of each kind"),
        title_justify="left",
        show_lines=True,
    )
    for what, decision in one_of_each_kind(outcome.taken, outcome.seen).items():
        table.add_row(case_word(what), explain(decision, directory=directory, language=language()))
    return table


def _destinations(outcome: Bill, directory: Directory) -> Table:
    table = Table(
        said(de="Amt", en="Authority"),
        said(de="Kennung", en="Id"),
        said(de="Sendungen", en="Submissions"),
        title=said(de="Weitergeleitet", en="Routed"),
        title_justify="left",
    )
    counts = list(per_authority(outcome.taken, outcome.seen).items())
    for authority, count in counts[:_MOST]:
        table.add_row(directory.authorities[authority].name, authority, str(count))
    if len(counts) > _MOST:
        table.add_row(
            said(
                de=f"… und {len(counts) - _MOST} weitere Ämter",
                en=f"… and {len(counts) - _MOST} other authorities",
            ),
            "",
            str(sum(c for _, c in counts[_MOST:])),
        )
    return table


def _parked(outcome: Bill) -> Table:
    table = Table(
        said(de="Grund", en="Reason"),
        said(de="Sendungen", en="Submissions"),
        title=said(de="Geparkt: eine Person entscheidet", en="Parked: a person decides"),
        title_justify="left",
    )
    for reason, count in sorted(_reasons(outcome).items()):
        table.add_row(in_words(reason), str(count))
    return table


def _reasons(outcome: Bill) -> Mapping[str, int]:
    cases = {t.case for t in outcome.taken}
    return Counter(reason for case, reason in outcome.seen.parked.items() if case in cases)


def _journey(walked: Journey, directory: Directory) -> Table:
    title = said(
        de="Ein Vorgang durch vier Hände: wer ihn hatte, wie er kam, was gesagt wurde",
        en="One case through four hands: who had it, how it came, what was said",
    )
    table = Table(
        said(de="nach", en="after"),
        said(de="wer", en="who"),
        said(de="Weg", en="way"),
        said(de="sagt", en="says"),
        title=title,
        title_justify="left",
    )
    for step in walked.steps:
        who, what = (_with_names(each, directory) for each in (step.who, step.what))
        table.add_row(f"{step.seconds:.0f} s", who, step.transport, what)
    if walked.told:
        table.caption = said(
            de=f"Die eine Geschichte, wie die Landesplattform sie liest: {' → '.join(walked.told)}",
            en=f"The one history, as the state platform reads it: {' → '.join(walked.told)}",
        )
        table.caption_justify = "left"
    return table


def _with_names(text: str, directory: Directory) -> str:
    return " ".join(
        directory.authorities[word].name if word in directory.authorities else word for word in text.split()
    )


def _figures(outcome: Bill) -> Table:
    ms = latencies(outcome.taken, outcome.seen)
    table = Table(
        "",
        "p50",
        "p99",
        title=said(de="Dauer in Millisekunden", en="Duration in milliseconds"),
        title_justify="left",
    )
    table.add_row(
        said(de="Anfrage bis Quittung (202)", en="Request to receipt (202)"),
        f"{ms['acceptedP50']:.0f}",
        f"{ms['acceptedP99']:.0f}",
    )
    table.add_row(
        said(de="Anfrage bis lesbar im Eingang", en="Request to readable in the inbox"),
        f"{ms['inboxP50']:.0f}",
        f"{ms['inboxP99']:.0f}",
    )
    table.caption = said(
        de=f"{outcome.seconds:.0f} s, {outcome.memory_bytes / 2**20:.0f} MB Arbeitsspeicher",
        en=f"{outcome.seconds:.0f} s, {outcome.memory_bytes / 2**20:.0f} MB of memory",
    )
    return table


def _checks(outcome: Bill) -> Table:
    table = Table(
        "",
        said(de="erwartet", en="expected"),
        said(de="gefunden", en="found"),
        "",
        title=said(de="Die Rechnung", en="The bill"),
        title_justify="left",
    )
    for check in outcome.checks:
        table.add_row(
            check.what,
            check.expected,
            check.found,
            "✓" if check.holds else "✗",
            style=None if check.holds else "red",
        )
    return table
