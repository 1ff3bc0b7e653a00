"""How to go on after an answer without effect, for those who operate: who has to do what."""

from collections.abc import Mapping
from typing import Final

from shared.events.case import RefusalReason
from shared.web.bilingual import Bilingual

HOW_TO_GO_ON: Final[Mapping[RefusalReason, Bilingual]] = {
    "not-in-custody": Bilingual(
        de="Der Vorgang liegt nicht bei dieser Stelle. Wer ihn hat, steht unter „Liegt bei“. Gehört er doch zu ihr: Ist er geparkt "
        "oder lange unbestätigt, weist ihn die Klärungsstelle zu; sonst gibt ihn die Stelle weiter, die ihn hat.",
        en="This authority does not hold the case. “Held by” says who does. If it should be this one: the clearing desk assigns "
        "a case that is parked or long unconfirmed; otherwise the authority that holds it forwards it.",
    ),
    "already-accepted": Bilingual(
        de="Nichts zu tun: Die Stelle hatte schon angenommen. Als Nächstes entscheidet sie.",
        en="Nothing to do: the authority had accepted already. Its decision is next.",
    ),
    "already-extended": Bilingual(
        de="Die Stelle muss innerhalb der schon verlängerten Frist entscheiden; verlängert wird nur einmal.",
        en="The authority must decide within the period as extended; it is extended only once.",
    ),
    "already-decided": Bilingual(
        de="Es gilt die Entscheidung, die im Verlauf steht. Wollte die Stelle danach etwas anderes, weisen Sie sie darauf hin: Sie muss "
        "sich selbst an den Antragsteller wenden.",
        en="The decision in the history counts. If the authority wanted something else afterwards, tell it: it must write to the "
        "applicant itself.",
    ),
    "withdrawn": Bilingual(
        de="Nichts zu tun: Der Antrag ist zurückgenommen. Das steht auch im Eingang der Stelle.",
        en="Nothing to do: the application is withdrawn. The authority's inbox says so too.",
    ),
    "already-deemed-approved": Bilingual(
        de="Der Antrag gilt als genehmigt. Weisen Sie die Stelle darauf hin: Rücknahme oder Widerruf (§§ 48, 49 VwVfG) gehen nicht "
        "über Amtsweg.",
        en="The application is deemed approved. Tell the authority: withdrawal or revocation (§§ 48, 49 VwVfG) do not pass Amtsweg.",
    ),
    "not-deemed-approved": Bilingual(
        de="Die Stelle muss entscheiden (decided); bescheinigt wird nur, was als genehmigt gilt.",
        en="The authority must decide (decided); only what is deemed approved is certified.",
    ),
    "unknown-authority": Bilingual(
        de="Die Stelle, an die weitergegeben werden sollte, steht nicht im Verzeichnis. Die Stelle nennt die richtige Kennung oder gibt "
        "den Vorgang zurück (returned).",
        en="The authority to forward to is not in the directory. The authority names the right id or returns the case (returned).",
    ),
}
"""A reason of a newer router has no words here; the page then shows the reason alone."""
