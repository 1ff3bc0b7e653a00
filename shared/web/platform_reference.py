"""What pages say to somebody who types a platform's own reference where only numbers of ours are known."""

from typing import Final

PLATFORM_REFERENCE: Final = (
    "Das eigene Zeichen einer Plattform (clientReference) kennt nur der Eingang; die Plattform oder `amtsweg case ZEICHEN` "
    "nennt die Eingangsnummer dazu (a platform's own reference is known to intake only: ask for its receipt number)."
)
