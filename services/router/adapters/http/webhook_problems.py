"""What the registration of a webhook refuses, in German and English: what is the matter, and how to mend it."""

from http import HTTPStatus

from shared.web.problems import Problem


def url_not_permitted(why: str) -> Problem:
    """Nothing is sent to where it leads."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "url-not-permitted",
        title="Adresse nicht zulässig (URL not permitted)",
        detail=f"An diese Adresse wird nichts gesendet (nothing is sent there): {why}.",
        resolution="Eine öffentliche https-Adresse senden; private erlaubt nur die Betreiberin "
        "(send a public https URL; private ones only the operator can allow).",
    )


def no_webhook() -> Problem:
    """There is nothing to rotate."""
    return Problem(
        HTTPStatus.NOT_FOUND,
        "no-webhook",
        title="Kein Webhook (no webhook)",
        detail="Dieser Zugang hat keinen Webhook angemeldet.",
        resolution="Mit PUT /v1/webhook anmelden (register one first).",
    )
