"""Why a case is parked, and what became of an order, in the language of the call."""

from datetime import timedelta

from amtsweg.language import language, said
from services.router.domain.cases.desk import Obstacle, reason_in_words


def in_words(reason: str) -> str:
    """The reason in words, or its key where a newer release knows more."""
    return reason_in_words(reason, language())


def obstacle_in_words(obstacle: Obstacle) -> str:
    """Why an order has no effect, and what to do."""
    return {
        "not-at-the-desk": said(
            de="ist nicht geparkt. `amtsweg parked list` zeigt, was wartet.",
            en="is not parked. `amtsweg parked list` shows what waits.",
        ),
        "already-routed": said(
            de="ist nicht mehr geparkt; der Vorgang liegt bei {authority}.",
            en="is parked no more; the case lies with {authority}.",
        ),
        "not-unconfirmed": said(
            de="liegt nicht seit 20 Tagen unbestätigt bei einer Stelle; es gibt nichts erneut zuzustellen.",
            en="has not been unconfirmed for 20 days; there is nothing to deliver again.",
        ),
        "unknown-authority": said(
            de="bleibt geparkt: Diese Stelle gibt es heute nicht im Verzeichnis.",
            en="stays parked: today's directory has no such authority.",
        ),
        "not-a-candidate": said(
            de="bleibt geparkt: Diese Stelle kommt nach dem Verzeichnis nicht in Betracht. "
            "Ist sie trotzdem gemeint, --outside-candidates angeben.",
            en="stays parked: this authority is no candidate by the directory. "
            "If it is meant all the same, add --outside-candidates.",
        ),
        "not-connected": said(
            de="bleibt geparkt: Diese Stelle ist noch nicht angeschlossen.",
            en="stays parked: this authority is not connected yet.",
        ),
        "failed": said(
            de="bleibt geparkt: Der Router ist an dem Auftrag gescheitert (`amtsweg dead-letters list`).",
            en="stays parked: the router has failed at the order (`amtsweg dead-letters list`).",
        ),
    }[obstacle]


def pending_in_words(waited: timedelta) -> str:
    """An order that nobody has carried out so far."""
    seconds = f"{waited.total_seconds():g}"
    return said(
        de=f"Der Auftrag ist erteilt, aber nach {seconds} s noch nicht ausgeführt. Läuft der Router? "
        "Der Auftrag geht nicht verloren; `amtsweg parked list` zeigt, ob der Vorgang noch wartet.",
        en=f"The order is given, but not carried out after {seconds} s. Does the router run? "
        "The order is not lost; `amtsweg parked list` shows whether the case still waits.",
    )
