"""`docs/messages.md`: the channels to an applicant and the life of a message, from the table that the notifier follows."""

from amtsweg.docs.markdown import code, table
from services.notifier.domain.message import MessageState
from services.notifier.domain.states import REMINDER_DAYS, TRANSITIONS
from services.notifier.domain.uncertain import BY_EMAIL

_HEAD = """# Messages to applicants

Which way a message takes, and what can become of it. This page is made from `services/notifier/domain/states.py`, the table
that the notifier follows; `amtsweg docs` writes it.

## Channels

The contact of a submission says which ways there are; they are tried in this order, and what fails on one goes on the next.
A reminder is the same message on the next way. Statutory messages know no quiet hours and nothing to unsubscribe from.

| channel | carried by | taken over means | fails when | then |
|---|---|---|---|---|
| `mailbox` | a signed webhook to the platform (Standard Webhooks) | the platform has answered 2xx: the time is the evidence of provision | 404, 410, 422; or a day in vain | e-mail, else letter |
| `email` | a mail server, or the second one while the first does not work | 250 after the content | the address is refused for good; or three days in vain, one for news that the law wants told at once where a letter can follow | letter |
| `letter` | a PDF in a folder: tagged (PDF/UA-1), address in the window (DIN 5008 form B) | the file lies there, whole | there is no folder | nothing: it is listed as failed |

Where the law names the day on which the applicant must have a message, and the next channel can be in time, one channel is tried no longer
than to that, whoever is to blame: an extension until four days before the old end where a letter follows, a decision until the
evening of its day where a mail follows, a § 15 GewO certificate until the evening of its last day. While a mail server is left alone,
such messages are looked for every five seconds.

"""

_STATES = """## A mail server that is slow with some

A mail server may wait for the recipient's own server before it answers. One domain never has all connections, and all domains
that took longer than five seconds have half of them together, until one mail is quick again. What is held back is not an attempt. A
time-out is an attempt of that mail where the server has answered others meanwhile; else the first of each domain
counts against the server, and the others are held back: one domain alone never stops the sending, nor takes one of two servers from it.
Where there are two, five mails in a row without an answer, of whatever domain, make the other one be asked first.
Where none is left that answers, `/health/ready` is degraded and says so; nothing is given up for it.

A server that was away gets a trickle at first: two mails a second, twice as many every five seconds, all after a minute. Meanwhile
the second one carries the rest, where there is one. One failure in that minute begins the pause anew.

## Mails that come back

Every mail has a return path of its own, `bounce+<token>@domain`: the message's id and a keyed check (VERP). The mail server
delivers that address to the notifier's own small SMTP server. It takes a mail from there only with a valid token, one
recipient and at most 256 KB; of it, it reads nothing but the delivery report (RFC 3464, or the text in which qmail says the same). Anything else is forgotten. A bounce
may come late, even after a delivery. Then the next channel takes over for this message, and at once for later ones of the
case. Where there is no other channel, later ones are tried by mail all the same: no duty is silenced. No list of addresses is
kept; what has come back is known of the case alone, as long as the case's messages are.

## Recipients to try things with

Nothing is sent to addresses in `amtsweg.test`, mailboxes `test:…` and the postcode `00000`: each has one outcome by its name, which
`services/notifier/domain/simulation.py` lists and [platforms](platforms.md) explains. States, events and what follows on the next
channel are as for anybody. Reports that wait are lost with the process, as real ones may be.

## States

`sent` means accepted by the next one on the way, `delayed` a temporary and `failed` a permanent failure. A message that was
handed to a mail server whose answer never came is `unknown`: nobody knows whether the server has it. On the other channels
nothing is unknown, since the same message offered twice arrives once.

"""

_UNKNOWN = """
## When nobody knows whether a mail was taken

The sender dies, or the connection breaks, after the content and before the answer. Then the kind of the message decides
(`services/notifier/domain/uncertain.py`). What the law asks for is offered again with the same Message-ID, after a pause;
a delivery report that comes meanwhile settles it. `NotificationSettled.repeats` and `amtsweg messages list` say how often.
A kind that ends with `ask` makes health say so, until `amtsweg messages arrived` or `retry` settles it.

"""

_MEANING: dict[MessageState, str] = {
    "created": "waits to be sent",
    "sending": "is handed over now",
    "sent": "the next one on the way has taken it over; in a mailbox, it is provided",
    "delayed": "a mail server reports that it is still trying",
    "unread": "lies unread in a mailbox; another channel has taken over",
    "delivered": "has arrived, or was opened in the mailbox",
    "failed": "did not arrive, or came back",
    "unknown": "a mail server may have it",
    "no-contact": "the applicant has named no way, or the contact has been erased",
}


def page() -> str:
    """Return the page."""
    first, second = REMINDER_DAYS
    unread = f"What lies unread in a mailbox for {first} days goes on the next way, after {second} days on the one after.\n\n"
    rows = [
        (code((state,)), _MEANING[state], code(sorted(after)) or "nothing")
        for state, after in TRANSITIONS.items()
    ]
    drawn = "".join(
        f"    {state} --> {each}\n"
        for state, after in TRANSITIONS.items()
        for each in sorted(after - {state})
    )
    drawing = f"\n```mermaid\nflowchart LR\n{drawn}```\n"
    unsure = [
        (code((kind,)), ", ".join(f"`{course}`" for course in courses)) for kind, courses in BY_EMAIL.items()
    ]
    return (
        _HEAD
        + unread
        + _STATES
        + table(("state", "meaning", "may be followed by"), rows)
        + drawing
        + _UNKNOWN
        + table(("kind", "the first time, the second, …"), unsure)
    )
