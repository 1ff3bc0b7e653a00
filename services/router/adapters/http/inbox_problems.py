"""What the inbox refuses, in German and English: what is the matter, and how to mend it."""

from http import HTTPStatus

from shared.web.problems import Problem


def bad_cursor() -> Problem:
    """It is none of ours, of somebody else's inbox, or of a place that is not written yet."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "bad-cursor",
        title="Stelle im Eingang unbekannt (bad cursor)",
        detail="cursor ist keine Stelle in einem Eingang dieses Zugangs.",
        resolution="cursor senden, wie er in der Antwort von GET /v1/inbox stand; ist er von einem anderen Stapel, ohne after "
        "beginnen (send it as it came; if it is from another stack, begin without after).",
    )


def consumer_in_group(authority: str) -> Problem:
    """One transport at a time: who reads by Kafka confirms by Kafka."""
    return Problem(
        HTTPStatus.CONFLICT,
        "consumer-in-group",
        title="Ein Kafka-Consumer liest (a Kafka consumer is in the group)",
        detail=f"In der Gruppe authority.{authority} ist ein Kafka-Consumer; er bestätigt, solange er läuft.",
        resolution="Den Consumer beenden, dann noch einmal senden (stop the consumer, then send this again).",
    )


def too_long_ago() -> Problem:
    """Records expire."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "too-long-ago",
        title="Zu lange her (too long ago)",
        detail="Datensätze bleiben 30 Tage im Eingang.",
        resolution="since auf höchstens 30 Tage zurück setzen (at most 30 days ago).",
    )
