"""The problems of the inbox, in German and English: what is wrong, and how to resolve it."""

from http import HTTPStatus

from shared.web.bilingual import Bilingual
from shared.web.problems import Problem


def bad_cursor() -> Problem:
    """The cursor is not ours, belongs to another inbox, or names a place that is not written yet."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "bad-cursor",
        title=Bilingual(de="Stelle im Eingang unbekannt", en="Bad cursor"),
        detail=Bilingual(
            de="cursor ist keine Stelle in einem Eingang dieses Zugangs.",
            en="cursor is no place in an inbox of this client.",
        ),
        resolution=Bilingual(
            de="cursor senden, wie er in der Antwort von GET /v1/inbox stand; ist er von einem anderen Stapel, ohne after beginnen.",
            en="Send cursor as it came from GET /v1/inbox; if it is from another stack, begin without after.",
        ),
    )


def consumer_in_group(authority: str) -> Problem:
    """One transport at a time: an authority that reads over Kafka confirms over Kafka."""
    return Problem(
        HTTPStatus.CONFLICT,
        "consumer-in-group",
        title=Bilingual(de="Ein Kafka-Consumer liest", en="A Kafka consumer is in the group"),
        detail=Bilingual(
            de=f"In der Gruppe authority.{authority} ist ein Kafka-Consumer; er bestätigt, solange er läuft.",
            en=f"A Kafka consumer is in the group authority.{authority}; it confirms while it runs.",
        ),
        resolution=Bilingual(
            de="Den Consumer beenden, dann noch einmal senden.", en="Stop the consumer, then send this again."
        ),
    )


def too_long_ago() -> Problem:
    """Records expire."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "too-long-ago",
        title=Bilingual(de="Zu lange her", en="Too long ago"),
        detail=Bilingual(
            de="Datensätze bleiben 30 Tage im Eingang.", en="Records stay in the inbox for 30 days."
        ),
        resolution=Bilingual(
            de="since auf höchstens 30 Tage zurück setzen.", en="Set since to 30 days ago at most."
        ),
    )
