"""What is wrong with an inquiry or a file, in the language of the call."""

import errno

from amtsweg.inquiry_words import inquiry_words
from amtsweg.language import language, said
from services.notifier.domain.deadlines.tables import BrokenLaw
from services.router.domain.cases.assignment_reason import BadAssignmentReason
from services.router.domain.directory.tables import BrokenDirectory
from shared.errors import Undecodable
from shared.telemetry.reason_words import known_words


def reason(error: Exception) -> str:
    """What a person can correct."""
    if isinstance(error, OSError):
        return of_file(error)
    if (field := getattr(error, "field", None)) is not None:
        return inquiry_words(field, str(error).removeprefix(f"{field}: "))
    if isinstance(error, BrokenDirectory | BrokenLaw | Undecodable):
        return said(de=f"fehlerhaft: {told_by(error)}", en=str(error))
    return str(error)


def told_by(error: Exception) -> str:
    """What a service's code says of a failure; in German quoted where only its English is known."""
    known = known_words(str(error), language())
    return said(de=f"`{error}`", en=str(error)) if known is None else known


def failed_words(error: Exception) -> str:
    """That a command has failed, and why."""
    return said(de=f"FEHLER: {told_by(error)}", en=f"ERROR: {told_by(error)}")


def refused_words(error: Exception) -> str:
    """That a proof or a file does not hold, and why."""
    return said(de=f"ABGELEHNT: {told_by(error)}", en=f"REFUSED: {told_by(error)}")


def assignment_words(bad: BadAssignmentReason) -> str:
    """What is wrong with the words of a reason."""
    return said(de=bad.de, en=bad.en)


def of_file(error: OSError) -> str:
    """Which file cannot be used, and why."""
    german = {
        errno.ENOENT: "gibt es nicht",
        errno.EISDIR: "ist ein Ordner",
        errno.ENOTDIR: "ist kein Ordner",
        errno.EACCES: "darf nicht gelesen oder geschrieben werden",
        errno.EEXIST: "gibt es schon und bleibt; bitte einen anderen Namen nennen",
        errno.ENAMETOOLONG: "ist ein zu langer Name",
        errno.EFBIG: "ist größer als jede solche Datei",
        errno.ELOOP: "ist eine Verknüpfung auf sich selbst",
        errno.ENOSPC: "hat keinen Platz mehr",
    }
    told = error.strerror or str(error)
    what = said(de=german.get(error.errno or 0, f"`{told}`"), en=told)
    return f"{error.filename or ''}: {what}".lstrip(": ")
