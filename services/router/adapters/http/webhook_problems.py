"""The problems of registering a webhook, in German and English: what is wrong, and how to resolve it."""

from http import HTTPStatus

from shared.web.bilingual import Bilingual
from shared.web.problems import Problem


def url_not_permitted(why: Bilingual) -> Problem:
    """Requests may not go to this address."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "url-not-permitted",
        title=Bilingual(de="Adresse nicht zulässig", en="URL not permitted"),
        detail=Bilingual(
            de=f"An diese Adresse wird nichts gesendet: {why.de}.",
            en=f"Nothing is sent to this address: {why.en}.",
        ),
        resolution=Bilingual(
            de="Eine öffentliche https-Adresse senden; private erlaubt nur die Betreiberin.",
            en="Send a public https URL; private ones only the operator can allow.",
        ),
    )


def no_webhook() -> Problem:
    """No webhook is registered, so there is no secret to rotate."""
    return Problem(
        HTTPStatus.NOT_FOUND,
        "no-webhook",
        title=Bilingual(de="Kein Webhook", en="No webhook"),
        detail=Bilingual(
            de="Dieser Zugang hat keinen Webhook angemeldet.", en="This client has registered no webhook."
        ),
        resolution=Bilingual(de="Mit PUT /v1/webhook anmelden.", en="Register one with PUT /v1/webhook."),
    )
