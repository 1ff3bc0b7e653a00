"""What the reader of the demo sees of a period that ends in silence, and of a mailbox that nobody opens."""

from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from amtsweg.demo.elsewhere import ToldElsewhere
from amtsweg.demo.silence import Silence
from amtsweg.language import said
from shared.local_time import local_day


def show(seen: Silence, console: Console) -> None:
    """Print what everyone was told of a period that ended in silence."""
    table = Table(
        said(de="Wer", en="Who"),
        said(de="erfährt", en="is told"),
        title=said(de="Eine Frist läuft in Schweigen ab", en="A period ends in silence"),
        title_justify="left",
        show_lines=True,
    )
    told = "\n\n".join(f"[bold]{escape(subject)}[/bold]\n{escape(text)}" for subject, text in seen.mails)
    table.add_row(said(de="Antragsteller", en="Applicant"), Text.from_markup(told))
    table.add_row(said(de=f"Amt {seen.authority}", en=f"Authority {seen.authority}"), ", ".join(seen.inbox))
    console.print(table)
    console.print(_elsewhere(seen.elsewhere), highlight=False)
    verdict = (
        said(
            de="[bold green]Jeder hat es erfahren.[/bold green]",
            en="[bold green]Everybody was told.[/bold green]",
        )
        if seen.holds
        else said(de="[bold red]Es fehlt etwas.[/bold red]", en="[bold red]Something is missing.[/bold red]")
    )
    number, days, end = seen.receipt_number, seen.days_ahead, local_day(seen.period_ends)
    story = said(
        de=f"Antrag {number}: Das Amt hat den Eingang bestätigt und dann geschwiegen. Die Uhr der Fristen wurde um {days} Tage"
        f" vorgestellt. Die Frist endete am {end}. Nach einem weiteren Werktag, und erst als alle Antworten gelesen waren,"
        " galt der Antrag als genehmigt.",
        en=f"Application {number}: the authority confirmed its receipt and then said nothing. The clock of periods was set"
        f" ahead by {days} days. The period ended on {end}. After another working day, and only when all answers had been"
        " read, the application was deemed approved.",
    )
    console.print(
        Panel(
            Group(Text(story), Text.from_markup(verdict)),
            title=said(de="Schweigen", en="Silence"),
            title_align="left",
        )
    )


def _elsewhere(seen: ToldElsewhere) -> str:
    subjects = "\n".join(f"  {escape(subject)}" for subject in seen.subjects)
    letters = "\n".join(f"  {escape(str(letter))}" for letter in seen.letters)
    return said(
        de=f"Antrag {seen.receipt_number} nennt keine E-Mail, aber ein Postfach bei der Plattform. Dort lagen, mit geprüfter"
        f" Unterschrift:\n{subjects}\nNiemand hat sie geöffnet. Nach fünf Tagen gingen sie als Brief hinaus:\n{letters}",
        en=f"Application {seen.receipt_number} names no e-mail but a mailbox at the platform. There lay, with a verified"
        f" signature:\n{subjects}\nNobody opened them. After five days they went out as letters:\n{letters}",
    )
