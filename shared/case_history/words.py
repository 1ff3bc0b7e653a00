"""The texts of a history's codes, German and English; the codes are for machines and never change."""

from shared.case_history.lines import HistoryLine
from shared.events.submission import Language

CODES: dict[str, tuple[str, str]] = {
    "received": ("Eingegangen", "Received"),
    "routed": ("An die zuständige Behörde übergeben", "Handed to the competent authority"),
    "parked": (
        "In Klärung: eine Person prüft die Zuständigkeit",
        "Being clarified: a person decides who is competent",
    ),
    "supplement-received": ("Nachreichung eingegangen", "Supplement received"),
    "withdrawal-received": ("Rücknahme eingegangen", "Withdrawal received"),
    "supplemented": (
        "Die angeforderten Angaben liegen bei der Behörde",
        "The authority has received the requested information",
    ),
    "supplement-added": ("Die Nachreichung gehört zum Vorgang", "The supplement belongs to the case"),
    "withdrawn": ("Zurückgenommen: der Vorgang ist beendet", "Withdrawn: the case has ended"),
    "submission-refused": (
        "Eine Nachreichung oder Rücknahme blieb ohne Wirkung",
        "A supplement or a withdrawal had no effect",
    ),
    "fetched": ("Von der Behörde abgeholt", "Fetched by the authority"),
    "accepted": ("Von der Behörde angenommen", "Accepted by the authority"),
    "information-requested": ("Die Behörde braucht weitere Angaben", "The authority needs more information"),
    "returned": ("Von der Behörde zurückgegeben", "Handed back by the authority"),
    "forwarded": ("Von der Behörde weitergegeben", "Handed on by the authority"),
    "granted": ("Entschieden: bewilligt", "Decided: granted"),
    "refused": ("Entschieden: abgelehnt", "Decided: refused"),
    "unreadable": ("Die Behörde kann eine Datei nicht lesen", "The authority cannot read a file"),
    "extended": ("Die Behörde hat ihre Frist verlängert", "The authority has extended its period"),
    "extension-ineffective": (
        "Die Verlängerung hat keine Wirkung: die Frist bleibt, wie sie war",
        "The extension has no effect: the period stays as it was",
    ),
    "certified": (
        "Die Behörde hat bescheinigt, dass der Antrag als genehmigt gilt",
        "The authority has certified the deemed approval",
    ),
    "deemed-approved": (
        "Gilt nach dem Gesetz als genehmigt: die Behörde hat nicht rechtzeitig entschieden",
        "Deemed approved by law: the authority has not decided in time",
    ),
    "silence-doubted": (
        "Die Frist ist vorbei; eine Person prüft, was daraus folgt",
        "The period is over; a person examines what follows",
    ),
    "answer-refused": (
        "Eine Antwort der Behörde blieb ohne Wirkung",
        "An answer by the authority had no effect",
    ),
    "retry-ordered": (
        "Klärungsstelle: erneute Prüfung angeordnet",
        "Clearing desk: ordered to be decided again",
    ),
    "redeliver-ordered": ("Erneute Zustellung angeordnet", "Ordered to be delivered again"),
    "assign-ordered": ("Klärungsstelle: Behörde bestimmt", "Clearing desk: named the authority"),
    "erase-ordered": ("Löschung angeordnet: der Vorgang ist beendet", "Erasure ordered: the case has ended"),
    "order-refused": (
        "Eine Anordnung der Klärungsstelle blieb ohne Wirkung",
        "A clearing desk's order had no effect",
    ),
    "step-overdue": ("Ein Schritt ist überfällig", "A step is overdue"),
    "period-ending": ("Die Frist der Behörde läuft bald ab", "The authority's period ends soon"),
    "period-ended": ("Die Frist der Behörde ist abgelaufen", "The authority's period has ended"),
    "message-of-authority": (
        "Eine Nachricht der Behörde liegt bereit",
        "A message by the authority can be read",
    ),
    "message-sent": ("Antragsteller benachrichtigt", "Applicant informed"),
    "message-delayed": (
        "Nachricht an den Antragsteller ist noch unterwegs",
        "Message to the applicant is still on its way",
    ),
    "message-unread": (
        "Nachricht im Postfach noch nicht gelesen; der Antragsteller wird auf einem weiteren Weg benachrichtigt, wenn er einen angegeben hat",
        "Message in the mailbox not read yet; the applicant is informed in another way if they gave one",
    ),
    "message-delivered": (
        "Nachricht beim Antragsteller angekommen",
        "Message has reached the applicant",
    ),
    "message-failed": ("Nachricht an den Antragsteller nicht zustellbar", "Message to the applicant failed"),
    "message-unknown": (
        "Nachricht an den Antragsteller: Zustellung ungewiss",
        "Message to the applicant: delivery unknown",
    ),
    "message-no-contact": (
        "Keine Nachricht: keine Kontaktdaten angegeben",
        "No message: no contact data given",
    ),
}

DETAILS: dict[str, tuple[str, str]] = {
    "forwarding": ("die Weitergabe an die Behörde", "passing it on to the authority"),
    "fetching": ("die Abholung durch die Behörde", "fetching by the authority"),
    "confirmation": ("die Bestätigung der Behörde", "the authority's confirmation"),
    "unknown-service": (
        "die Leistung ist im Verzeichnis nicht bekannt",
        "the service is not in the directory",
    ),
    "unknown-place": ("der Ort ist nicht bekannt", "the place is not known"),
    "ambiguous-place": (
        "die Ortsangabe passt auf mehrere Gemeinden",
        "the place fits several municipalities",
    ),
    "outside-territory": ("der Ort liegt außerhalb des Landes", "the place lies outside the state"),
    "not-offered": ("die Leistung wird dort nicht angeboten", "the service is not offered there"),
    "choice-required": (
        "der Antragsteller muss die Behörde wählen",
        "the applicant has to choose the authority",
    ),
    "ambiguous-competence": ("mehrere Behörden kommen in Betracht", "several authorities may be competent"),
    "internal-error": (
        "ein Fehler des Systems wird untersucht",
        "a system error is being investigated",
    ),
    "no-inbox": ("die Behörde ist noch nicht angeschlossen", "the authority is not connected yet"),
    "no-key": ("die Behörde ist noch nicht angeschlossen", "the authority is not connected yet"),
    "not-opened": (
        "der Inhalt ist nicht für die Plattform verschlüsselt",
        "the content is not sealed to the platform",
    ),
    "sealed-for-another-use": (
        "der Inhalt gehört zu einem anderen Antrag",
        "the content belongs to another submission",
    ),
    "order-failed": (
        "ein Fehler des Systems wird untersucht",
        "a system error is being investigated",
    ),
    "returned": ("die Behörde hat den Vorgang zurückgegeben", "the authority handed the case back"),
    "handed-on-in-a-circle": (
        "der Vorgang wäre zu einer Behörde zurückgekommen, die ihn schon hatte",
        "the case would have come back to an authority that had it before",
    ),
    "wrong-place": ("der Ort gehört zu einer anderen Behörde", "the place belongs to another authority"),
    "wrong-service": ("die Leistung erbringt eine andere Behörde", "another authority provides the service"),
    "not-competent": ("eine andere Behörde ist zuständig", "another authority is competent"),
    "misdirected": (
        "der Vorgang kam irrtümlich zu dieser Behörde",
        "the case came to this authority by mistake",
    ),
    "not-in-custody": ("die Behörde führt diesen Vorgang nicht", "the authority does not hold this case"),
    "already-accepted": ("der Vorgang war schon angenommen", "the case had been accepted already"),
    "already-decided": ("der Vorgang war schon entschieden", "the case had been decided already"),
    "already-extended": ("die Frist war schon verlängert", "the period was extended already"),
    "nothing-runs": (
        "es fehlten Unterlagen, so dass keine Frist lief",
        "documents were missing, so that no period ran",
    ),
    "not-allowed": ("das Gesetz erlaubt hier keine", "the law does not allow one here"),
    "too-long": ("das Gesetz erlaubt keine so lange", "the law does not allow one so long"),
    "too-late": ("die Frist war schon abgelaufen", "the period had ended already"),
    "not-deemed-approved": (
        "der Vorgang gilt nicht als genehmigt",
        "the case is not deemed approved",
    ),
    "already-deemed-approved": (
        "der Vorgang galt schon als genehmigt",
        "the case was deemed approved already",
    ),
    "unconfirmed": (
        "die Behörde hat den Vorgang nie bestätigt",
        "the authority has never confirmed the case",
    ),
    "incomplete": ("es fehlen Unterlagen", "documents are missing"),
    "unread-answer": (
        "eine Antwort der Behörde konnte nicht gelesen werden",
        "an answer by the authority could not be read",
    ),
    "suspended": (
        "die Behörde war in den letzten Tagen der Frist gesperrt",
        "the authority was suspended in the last days of the period",
    ),
    "not-every-case-covered": (
        "das Gesetz gilt nur für einen Teil der Fälle",
        "the law covers only some of the cases",
    ),
    "parked": ("der Vorgang lag bei keiner Behörde", "no authority held the case"),
    "forwarded": ("der Vorgang wurde weitergegeben", "the case was handed on"),
    "withdrawn": ("der Antrag war schon zurückgenommen", "the application had been withdrawn already"),
    "already-closed": ("der Vorgang war schon abgeschlossen", "the case had been closed already"),
    "too-many": (
        "der Vorgang hat schon sehr viele Nachreichungen",
        "the case has very many supplements already",
    ),
    "unknown-case": ("der Vorgang ist nicht bekannt", "the case is not known"),
    "not-unconfirmed": (
        "die Stelle hat für die Bestätigung noch Zeit",
        "the authority still has time to confirm",
    ),
    "not-parked": ("der Vorgang ist nicht in Klärung", "the case is not being clarified"),
    "unknown-authority": ("die Behörde ist nicht bekannt", "the authority is not known"),
}


MESSAGES: dict[str, tuple[str, str]] = {
    "receipt": ("Automatische Empfangsbestätigung", "automatic receipt"),
    "clearing": ("Zuständigkeit wird geklärt", "competence is being clarified"),
    "forwarded": ("Weitergeleitet an die zuständige Behörde", "forwarded to the competent authority"),
    "acknowledgement": ("Eingangsbestätigung der Behörde", "the authority's confirmation of receipt"),
    "status": ("Stand des Verfahrens", "status of the procedure"),
    "incomplete": ("Es fehlen Unterlagen", "documents are missing"),
    "supplement": ("Nachgereichtes ist eingegangen", "supplement received"),
    "unreadable": ("Datei nicht lesbar", "file cannot be read"),
    "extension": ("Frist verlängert", "period extended"),
    "decision": ("Entscheidung liegt bereit", "decision available"),
    "deemed-approval": ("Gilt als bewilligt", "deemed approved"),
    "certificate": ("Bescheinigung der Genehmigungsfiktion", "certificate of the deemed approval"),
    "trade-certificate": ("Gewerbeschein liegt bereit", "trade certificate available"),
    "completion": ("Verfahren abgeschlossen", "procedure completed"),
}
"""What an applicant was told, by the kind of the message."""


ANSWERS: dict[str, tuple[str, str]] = {
    "accepted": ("Annahme", "acceptance"),
    "information-requested": ("Nachforderung", "request for information"),
    "unreadable": ("Datei nicht lesbar", "file cannot be read"),
    "extended": ("Fristverlängerung", "extension of the period"),
    "returned": ("Rückgabe", "return"),
    "forwarded": ("Weitergabe", "forwarding"),
    "decided": ("Entscheidung", "decision"),
    "certified": ("Bescheinigung", "certificate"),
}
"""What an authority answered, by the kind of the answer."""


def said(line: HistoryLine, *, language: Language) -> str:
    """Return the text of the line with its detail; an unknown detail, from a newer producer, is left out."""
    column = 0 if language == "de" else 1
    text = CODES[line.code][column]
    if line.answer_kind in ANSWERS:
        text += f": {ANSWERS[line.answer_kind][column]}, id {line.own_id}"
    details = MESSAGES if line.code.startswith("message-") else DETAILS
    if line.detail not in details:
        return text
    return f"{text} ({details[line.detail][column]})"
