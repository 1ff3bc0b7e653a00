"""`docs/custody.md`: who may do what with a case, from the table that the router follows."""

from services.router.domain.cases.transitions import TRANSITIONS, drawing

_HEAD = """# Custody

Who holds a case, and who may do what with it. This page is made from `services/router/domain/cases/transitions.py`, the
table that the router follows; `amtsweg docs` writes it.

*Holder* is the authority in whose inbox the case lies; *platform* hands it in; the *clearing desk* decides what nobody
else can. `returned` and `forwarded` keep the date of receipt and the evidence: the content is re-wrapped for the next
holder from what is held. An authority that has handed a case on does not get it again without a person: then it is parked.
"""


def page() -> str:
    """The page."""
    rows = (
        f"| `{each.act}` | {each.actor} | {_states(each.sources)} | {_states(each.targets)} |"
        for each in TRANSITIONS
    )
    table = "\n".join(("| act | by | from | to |", "|---|---|---|---|", *rows))
    return f"{_HEAD}\n{table}\n\n```mermaid\n{drawing()}```\n"


def _states(states: tuple[str, ...]) -> str:
    return ", ".join(f"`{state}`" for state in states)
