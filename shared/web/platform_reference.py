"""The hint for a user who enters a platform's own reference where only our numbers are known."""

from typing import Final

from shared.web.bilingual import Bilingual

PLATFORM_REFERENCE: Final = Bilingual(
    de="Das eigene Zeichen einer Plattform (clientReference) kennt nur der Eingang; die Plattform oder "
    "`amtsweg case ZEICHEN` nennt die Eingangsnummer dazu.",
    en="A platform's own reference (clientReference) is known to intake only; the platform or "
    "`amtsweg case REFERENCE` names its receipt number.",
)
