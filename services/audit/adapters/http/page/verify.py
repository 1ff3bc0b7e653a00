"""Prüft eine Beweisdatei von Amtsweg (verifies an evidence file of Amtsweg).

    python3 verify.py BEWEIS.json --policy REGEL.txt [--tsa-root TSA.pem] [--lang en]
    python3 verify.py BEWEIS.json --log-key SCHLUESSEL

One file, Python's standard library and the package `cryptography` (for time stamps also `rfc3161-client`);
nothing of Amtsweg's own, and no network. Read it before you believe it. Each step refuses what it cannot prove:

 1. the file is spelt as it was written, so that no part of it was damaged;
 2. the checkpoint is signed by the log, and by as many witnesses as the policy asks for
    (C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy);
 3. every entry is in the tree that the checkpoint signs (RFC 6962, RFC 9162 section 2.1.3);
 4. every payload that is disclosed is the one that its entry has committed to (HMAC-SHA256);
 5. the time stamp (RFC 3161), where there is one, covers an earlier state of the same tree.

Exit status: 0 all of this holds under keys that the reader gave, 1 refused, 2 called wrongly, 3 the file agrees
with itself, but under no key of the reader's (anybody can write such a file). What the file says is printed with
control characters and markup spelt out, so that it cannot rewrite what stands on the screen.
"""

from __future__ import annotations

import argparse
import base64
import errno
import hashlib
import hmac
import io
import json
import re
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ED25519, COSIGNATURE, ML_DSA_44 = 0x01, 0x04, 0x06
HOLDS, REFUSED, CALLED_WRONGLY, UNTRUSTED = 0, 1, 2, 3
LONGEST = 80
LARGEST = 64 * 1024 * 1024
SAID_TWICE = ("type", "time", "source")  # by leaf and payload; the event's own id stands in the payload alone
UTC = timezone.utc  # noqa: UP017 - also for a Python that is older than ours


class Refused(Exception):  # noqa: N818 - what happened, in one word
    """Something is not proven; said in German and in English."""

    def __init__(self, german: str, english: str) -> None:
        super().__init__(english)
        self.words = (german, english)


# --- The steps -----------------------------------------------------------------------------------------------


def verify(data: bytes, *, policy: str | None = None, roots: Sequence[x509.Certificate] = ()) -> Verdict:
    """Check the bytes of a file; `policy` and `roots` (of time stamping) are the reader's own.

    Without a policy the keys that stand in the file are taken: that proves only that it agrees with itself.
    """
    try:
        bundle = read(data)
        rule = Policy(bundle["policy"] if policy is None else policy)
        state, cosigned = open_checkpoint(bundle["checkpoint"], rule)
        for each in bundle["entries"]:
            check_entry(each, state)
        stamp = check_timestamp(bundle.get("timestamp"), state, roots)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise Refused("Das ist keine Beweisdatei.", "This is not an evidence file.") from error
    return Verdict(bundle, state, cosigned, stamp, own_keys=policy is not None)


def read(data: bytes) -> Any:
    """Step 1. A file has one spelling, and its digest covers what nobody has signed as well."""
    bundle = json.loads(data.decode())
    given = bundle.pop("sha256")
    indexes = [each["index"] for each in bundle["entries"]]
    if bundle["format"] != "amtsweg-evidence/1" or not indexes or indexes != sorted(set(indexes)):
        raise ValueError("another format, no entries, or not in the order of the log")
    digest = hashlib.sha256(spelt(bundle)).hexdigest()
    if digest != given or spelt({**bundle, "sha256": given}) + b"\n" != data:
        raise Refused(
            "Die Datei ist nicht mehr so, wie sie geschrieben wurde: beschädigt oder neu gespeichert.",
            "The file is no longer as it was written: damaged, or saved anew by some program.",
        )
    return bundle


def spelt(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=2).encode()


def open_checkpoint(note: str, policy: Policy) -> tuple[State, list[tuple[str, int | None]]]:
    """Step 2. Return the state that is signed, and who has cosigned when. Unknown signatures prove nothing."""
    state, lines = State.of(note)
    logs, cosigned, used = 0, {}, set()
    for line in lines:
        dash, name, encoded = line.split(" ")
        blob = unbase64(encoded)
        key = policy.keys.get((name, blob[:4]))
        if dash != "—" or len(blob) <= 4 or key in used:  # noqa: PLR2004 - the key's id
            raise ValueError("not a line of a signature, or a second one by the same key")
        if key is None:
            continue
        used.add(key)
        time = key.verify(state, blob[4:])
        if key.witness is None:
            logs += key.name == state.origin
        else:
            cosigned[key.witness] = (name, time)
    if not logs:
        raise Refused(
            "Kein bekannter Schlüssel des Protokolls hat den Stand unterschrieben.",
            "No known key of the log has signed the checkpoint.",
        )
    if not policy.satisfied_by(set(cosigned), policy.quorum):
        raise Refused(
            "Es haben weniger Zeugen mitgezeichnet, als die Vertrauensregel verlangt.",
            "Fewer witnesses have cosigned than the policy asks for.",
        )
    return state, sorted(cosigned.values())


def check_entry(each: Any, state: State) -> None:
    """Steps 3 and 4. The entry is in the tree, and the payload is the one that it has committed to."""
    entry, number = each["entry"].encode(), each["index"]
    proof = [unbase64(text) for text in each["proof"]]
    if inclusion_root(entry, number, state.size, proof) != state.root:
        raise Refused(
            f"Eintrag {number} steht so nicht im Protokoll: sein Beweis führt nicht zur Wurzel.",
            f"Entry {number} is not in the log like this: its proof does not lead to the root.",
        )
    leaf = json.loads(entry)
    if "payload" not in each and "salt" not in each:
        return
    salt, payload = bytes.fromhex(each["salt"]), each["payload"].encode()
    event = json.loads(payload)
    spelt_once = len(salt) == 32 and salt.hex() == each["salt"]  # noqa: PLR2004 - bytes of a salt
    opened = spelt_once and hmac.new(salt, payload, "sha256").hexdigest() == leaf["commitment"]
    if not opened or not isinstance(event["id"], str) or any(event[n] != leaf[n] for n in SAID_TWICE):
        raise Refused(
            f"Eintrag {number}: der beigelegte Inhalt ist nicht der, auf den er sich festgelegt hat.",
            f"Entry {number}: the payload is not the one that it has committed to.",
        )


def check_timestamp(stamp: Any, state: State, roots: Sequence[x509.Certificate]) -> Stamp | None:
    """Step 5. The stamped checkpoint is an earlier state of the same tree, and the authority has signed it."""
    if stamp is None:
        return None
    earlier, _ = State.of(stamp["checkpoint"])
    proof = [unbase64(text) for text in stamp["consistency"]]
    if consistency_roots(earlier, state.size, proof) != (earlier.root, state.root):
        raise Refused(
            "Der gestempelte Stand ist kein früherer Stand dieses Protokolls.",
            "The time-stamped checkpoint is no earlier state of this log.",
        )
    if not roots:
        return Stamp(None, earlier.size, ("mit --tsa-root prüfen", "check it with --tsa-root"))
    try:
        import rfc3161_client as rfc3161  # noqa: PLC0415 - only for time stamps
    except ImportError:
        return Stamp(None, earlier.size, ("pip install rfc3161-client",) * 2)
    try:
        response = rfc3161.decode_timestamp_response(unbase64(stamp["response"]))
        verifier = rfc3161.VerifierBuilder(roots=list(roots)).build()
        verifier.verify_message(response, stamp["checkpoint"].encode())
    except Exception:  # noqa: BLE001 - whatever the library makes of foreign bytes, they are refused
        raise Refused("Der Zeitstempel stimmt nicht.", "The time stamp does not hold.") from None
    return Stamp(response.tst_info.gen_time, earlier.size)


# --- Keys and policy (C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy) ------------------------


class Stamp(NamedTuple):
    """When the first `size` entries were there already; `unchecked`: why that is not known."""

    time: datetime | None
    size: int
    unchecked: tuple[str, ...] = ()


class State(NamedTuple):
    """What a checkpoint says; `text` is what is signed."""

    text: str
    origin: str
    size: int
    root: bytes

    @classmethod
    def of(cls, note: str) -> tuple[State, list[str]]:
        text, blank, lines = note.rpartition("\n\n")
        origin, size, root = text.split("\n")
        if not blank or str(int(size)) != size or len(unbase64(root)) != 32 or not lines.endswith("\n"):  # noqa: PLR2004 - bytes of a hash
            raise ValueError("not a checkpoint")
        return cls(text + "\n", origin, int(size), unbase64(root)), lines[:-1].split("\n")


class Key:
    """A key, written `name+id+key`; `witness` is its name in the policy, None for a key of the log."""

    def __init__(self, vkey: str, *, witness: str | None = None) -> None:
        self.name, identity, encoded = vkey.split("+", 2)
        data = unbase64(encoded)
        self.id, self.kind, self.public, self.witness = bytes.fromhex(identity), data[0], data[1:], witness
        if hashlib.sha256(self.name.encode() + b"\n" + data).digest()[:4] != self.id:
            raise Refused(
                f"Schlüssel {plain(self.name)}: Kennung falsch.",
                f"Key {plain(self.name)}: its id does not fit.",
            )
        if self.kind not in ((ED25519, ML_DSA_44) if witness is None else (COSIGNATURE, ML_DSA_44)):
            raise Refused(
                f"Schlüssel {plain(self.name)}: unbekannte Art.",
                f"Key {plain(self.name)}: of an unknown kind.",
            )

    def verify(self, state: State, signature: bytes) -> int | None:
        """Check a signature; return the time that it states (POSIX seconds), or None for the log's Ed25519."""
        time, message = None, state.text.encode()
        if self.kind != ED25519:
            time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            message = b"cosignature/v1\ntime %d\n" % time + message
        try:
            if self.kind == ML_DSA_44:
                verify_ml_dsa(self.public, signature, subtree_message(self.name, time or 0, state))
            else:
                ed25519.Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            raise Refused(
                f"Die Unterschrift von {plain(self.name)} passt nicht zum Stand.",
                f"The signature of {plain(self.name)} does not fit the checkpoint.",
            ) from None
        return time


def subtree_message(name: str, time: int, state: State) -> bytes:
    """What ML-DSA-44 signs (C2SP tlog-cosignature): the tree from 0 to its size."""
    message = b"subtree/v1\n\0" + bytes([len(name.encode())]) + name.encode() + time.to_bytes(8, "big")
    message += bytes([len(state.origin.encode())]) + state.origin.encode()
    return message + bytes(8) + state.size.to_bytes(8, "big") + state.root


def verify_ml_dsa(public: bytes, signature: bytes, message: bytes) -> None:
    try:
        from cryptography.hazmat.primitives.asymmetric import mldsa  # noqa: PLC0415 - it is young
    except ImportError:
        raise Refused(
            "Für ML-DSA-44 ist das Paket cryptography zu alt: pip install -U cryptography",
            "For ML-DSA-44 the package cryptography is too old: pip install -U cryptography",
        ) from None
    mldsa.MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)


class Policy:
    """Whose signatures make a checkpoint valid."""

    def __init__(self, text: str) -> None:
        self.keys: dict[tuple[str, bytes], Key] = {}
        self.groups: dict[str, tuple[int, set[str]]] = {}
        self.members: set[str] = set()
        self.quorum = ""
        for words in (line.split() for line in text.split("\n")):
            if not words or words[0].startswith("#"):
                continue
            kind, name, *rest = words
            if kind == "log":
                self._add(Key(name))
            elif kind == "witness":
                self._add(Key(rest[0], witness=name))
            elif kind == "group":
                self.groups[name] = self._group(name, rest[0], rest[1:])
            elif kind == "quorum" and not self.quorum:
                self.quorum = name
            else:
                raise ValueError("not a line of a policy")

    def _group(self, name: str, threshold: str, members: list[str]) -> tuple[int, set[str]]:
        needed = {"all": len(members), "any": 1}.get(threshold) or int(threshold)
        if not 1 <= needed <= len(members) or len(set(members)) < len(members):
            raise Refused(
                "Vertrauensregel: eine Gruppe verlangt keinen Zeugen, mehr als sie hat, oder nennt einen doppelt.",
                "Policy: a group asks for no witness, for more than it has, or names one twice.",
            )
        # A tree: else groups of groups could take longer to count than anybody lives.
        known = {*self.groups, *(key.witness for key in self.keys.values())}
        if name in known or not known.issuperset(members) or self.members & set(members):
            raise Refused(
                "Vertrauensregel: eine Gruppe heißt wie eine andere Zeile, oder ein Mitglied steht nicht vor ihr oder schon in einer Gruppe.",
                "Policy: a group has another line's name, or a member does not stand before it or is in a group already.",
            )
        self.members.update(members)
        return needed, set(members)

    def _add(self, key: Key) -> None:
        self.keys[key.name, key.id] = key

    def satisfied_by(self, witnesses: set[str], name: str) -> bool:
        if name not in self.groups:
            return name == "none" or name in witnesses
        needed, members = self.groups[name]
        return sum(self.satisfied_by(witnesses, member) for member in members) >= needed


def unbase64(text: str) -> bytes:
    value = base64.b64decode(text, validate=True)
    if base64.b64encode(value).decode() != text:
        raise ValueError("not the canonical base64")
    return value


# --- The tree (RFC 9162 sections 2.1.3.2 and 2.1.4.2) ---------------------------------------------------------


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def inclusion_root(entry: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to."""
    if not 0 <= index < size:
        raise ValueError("outside the tree")
    top = hashlib.sha256(b"\x00" + entry).digest()
    for sibling, on_the_left in climb(index, size - 1, proof):
        top = node(sibling, top) if on_the_left else node(top, sibling)
    return top


def consistency_roots(old: State, size: int, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots of the old and the new size that a consistency proof leads to."""
    if not 0 < old.size <= size or (old.size == size and proof):
        raise ValueError("the tree would shrink")
    whole = old.size & (old.size - 1) == 0 or old.size == size
    path = [old.root, *proof] if whole else list(proof)
    at, last = old.size - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    if old.size == size:
        at = last = 0
    before = after = path[0]
    for sibling, on_the_left in climb(at, last, path[1:]):
        before = node(sibling, before) if on_the_left else before
        after = node(sibling, after) if on_the_left else node(after, sibling)
    return before, after


def climb(at: int, last: int, proof: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each sibling on the way up, and whether it stands on the left."""
    for sibling in proof:
        if last == 0 or len(sibling) != 32:  # noqa: PLR2004 - bytes of a hash
            raise ValueError("the proof is too long")
        on_the_left = bool(at & 1) or at == last
        while on_the_left and at and not at & 1:
            at, last = at >> 1, last >> 1
        yield sibling, on_the_left
        at, last = at >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")


# --- What is said ----------------------------------------------------------------------------------------------


PROVEN, NOT_PROVEN = ("BEWIESEN", "PROVEN"), ("NICHT BEWIESEN", "NOT PROVEN")
CONSISTENT = ("IN SICH STIMMIG, ABER NICHT BEWIESEN", "CONSISTENT WITH ITSELF, BUT NOT PROVEN")
NO_KEY = (
    (
        "OHNE VERTRAUTEN SCHLÜSSEL: Die Schlüssel stammen aus der Datei selbst. Eine solche Datei kann jeder schreiben.",
        "WITHOUT A TRUSTED KEY: the keys were taken from the file itself. Anybody can write such a file.",
    ),
    (
        "Holen Sie Vertrauensregel oder Schlüssel auf anderem Weg: --policy REGEL oder --log-key SCHLUESSEL.",
        "Get the policy or the key from elsewhere: --policy POLICY or --log-key KEY.",
    ),
)
KINDS = {
    "SubmissionReceived": ("Eingegangen", "Received"),
    "SupplementReceived": ("Nachreichung eingegangen", "Supplement received"),
    "WithdrawalReceived": ("Rücknahme eingegangen", "Withdrawal received"),
    "CaseSupplemented": ("Nachreichung gehört zum Vorgang", "Supplement belongs to the case"),
    "CaseWithdrawn": ("Antrag zurückgenommen", "Application withdrawn"),
    "SubmissionRefused": (
        "Nachreichung oder Rücknahme ohne Wirkung",
        "Supplement or withdrawal without effect",
    ),
    "SubmissionRouted": ("Weitergeleitet", "Routed"),
    "StepOverdue": ("Ein Schritt ist überfällig", "A step is overdue"),
    "PeriodEnding": ("Frist läuft bald ab", "Period ends soon"),
    "PeriodEnded": ("Frist abgelaufen", "Period has ended"),
    "ExtensionIneffective": ("Verlängerung ohne Wirkung", "Extension without effect"),
    "SubmissionParked": ("Zur Klärung geparkt", "Parked for clearing"),
    "RetryOrdered": ("Klärungsstelle: erneut versuchen", "Clearing desk: try again"),
    "RedeliverOrdered": ("Klärungsstelle: erneut zustellen", "Clearing desk: deliver again"),
    "AssignOrdered": ("Klärungsstelle: zugewiesen", "Clearing desk: assigned"),
    "OrderRefused": ("Auftrag der Klärungsstelle abgelehnt", "Clearing desk's order refused"),
    "CaseAnswered": ("Antwort der Behörde", "Authority's answer"),
    "DeliveryFetched": ("Eingang von der Behörde abgeholt", "Delivery fetched by the authority"),
    "CaseFetched": ("Von der Behörde abgeholt", "Fetched by the authority"),
    "CaseAccepted": ("Von der Behörde angenommen", "Accepted by the authority"),
    "CaseDecided": ("Entschieden", "Decided"),
    "FileUnreadable": ("Datei beim Amt nicht lesbar", "File unreadable for the authority"),
    "PeriodExtended": ("Frist vom Amt verlängert", "Period extended by the authority"),
    "DeemedApprovalCertified": ("Genehmigungsfiktion bescheinigt", "Deemed approval certified"),
    "CaseDeemedApproved": ("Gilt nach dem Gesetz als genehmigt", "Deemed approved by law"),
    "SilenceDoubted": (
        "Frist vorbei, Schweigen nicht sicher: zur Klärung",
        "Period over, silence uncertain: clearing",
    ),
    "InformationRequested": ("Unterlagen nachgefordert", "Information requested"),
    "CaseReturned": ("Von der Behörde zurückgegeben", "Returned by the authority"),
    "CaseForwarded": ("An eine andere Behörde weitergegeben", "Forwarded to another authority"),
    "AnswerRefused": ("Antwort der Behörde zurückgewiesen", "Authority's answer refused"),
    "NotificationSettled": ("Benachrichtigung", "Notification"),
    "NotificationRead": ("Nachricht im Postfach gelesen", "Message read in the mailbox"),
    "EraseOrdered": ("Löschung angeordnet", "Erasure ordered"),
    "CaseErased": ("Daten gelöscht", "Data erased"),
    "ReplayOrdered": ("Betrieb: erneut versuchen", "Operations: try again"),
    "CloseOrdered": ("Betrieb: Datensatz aufgegeben", "Operations: record given up"),
    "CloseCaseOrdered": ("Betrieb: Sperre eines Vorgangs gelöst", "Operations: case released"),
    "GoOnOrdered": ("Betrieb: Dienst macht weiter", "Operations: service goes on"),
    "OperationSettled": (
        "Betrieb: Auftrag ausgeführt oder abgelehnt",
        "Operations: order carried out or refused",
    ),
    "SuspendOrdered": ("Amt gesperrt", "Authority suspended"),
    "ResumeOrdered": ("Sperre des Amts aufgehoben", "Authority's suspension lifted"),
    "DirectoryChanged": ("Verzeichnis geändert", "Directory changed"),
    "Looked": ("Einsicht", "Look"),
    "LookRefused": ("Einsicht verweigert", "Look refused"),
    "EvaluationRequested": ("Auswertung zu einer Person beantragt", "Evaluation of a person requested"),
    "EvaluationApproved": ("Auswertung zu zweit gebilligt", "Evaluation approved by a second auditor"),
    "DayStated": ("Tagesabschluss", "Day stated"),
    "ShardOpened": ("Protokoll eröffnet, schließt an das vorige an", "Log opened, follows the one before"),
    "LooksExpired": ("Angaben alter Einsichten gelöscht", "What old looks said was erased"),
    "PayloadErased": ("Inhalte gelöscht", "Payloads erased"),
}
VALUES = {
    "granted": ("bewilligt", "granted"),
    "refused": ("abgelehnt", "refused"),
    "accepted": ("angenommen", "accepted"),
    "decided": ("entschieden", "decided"),
    "received": ("Eingangsbestätigung", "acknowledgement"),
    "routed": ("Abgabenachricht", "routing notice"),
    "parked": ("Klärungsnachricht", "clearing notice"),
    "email": ("E-Mail", "e-mail"),
    "webhook": ("Webhook", "webhook"),
    "mailbox": ("Postfach", "mailbox"),
    "letter": ("Brief", "letter"),
    "sent": ("versandt", "sent"),
    "delayed": ("noch unterwegs", "still on its way"),
    "unread": ("im Postfach ungelesen", "unread in the mailbox"),
    "delivered": ("angekommen", "arrived"),
    "failed": ("gescheitert", "failed"),
    "unknown": ("Ausgang unbekannt", "outcome unknown"),
    "no-contact": ("keine Kontaktdaten", "no contact data"),
    "unknown-service": ("Leistung unbekannt", "unknown service"),
    "unknown-place": ("Ort unbekannt", "unknown place"),
    "ambiguous-place": ("Ort mehrdeutig", "ambiguous place"),
    "outside-territory": ("außerhalb des Gebiets", "outside the territory"),
    "not-offered": ("nicht angeboten", "not offered"),
    "choice-required": ("Wahl nötig", "choice required"),
    "ambiguous-competence": ("Zuständigkeit mehrdeutig", "ambiguous competence"),
    "already-accepted": ("war schon angenommen", "had been accepted already"),
    "already-decided": ("war schon entschieden", "had been decided already"),
    "not-in-custody": ("die Behörde führt diesen Vorgang nicht", "the authority does not hold this case"),
    "unknown-case": ("Vorgang unbekannt", "unknown case"),
    "not-parked": ("nicht in Klärung", "not being clarified"),
    "unknown-authority": ("Behörde unbekannt", "unknown authority"),
    "wrong-place": ("falscher Ort", "wrong place"),
    "wrong-service": ("falsche Leistung", "wrong service"),
    "not-competent": ("nicht zuständig", "not competent"),
    "misdirected": ("irrtümlich zugestellt", "misdirected"),
    "no-inbox": ("Behörde nicht angeschlossen", "authority not connected"),
    "no-key": ("Behörde ohne Schlüssel", "authority without a key"),
    "not-opened": ("nicht für die Plattform verschlüsselt", "not sealed to the platform"),
    "sealed-for-another-use": ("gehört zu einem anderen Antrag", "belongs to another submission"),
    "internal-error": ("Fehler im System", "fault of the system"),
    "order-failed": ("Anordnung gescheitert", "order failed"),
    "returned": ("zurückgegeben", "handed back"),
    "forwarded": ("weitergegeben", "handed on"),
    "information-requested": ("Unterlagen nachgefordert", "information requested"),
    "handed-on-in-a-circle": ("im Kreis weitergegeben", "handed on in a circle"),
    "receipt": ("Empfangsbestätigung", "automatic receipt"),
    "clearing": ("Zuständigkeit wird geklärt", "competence is being clarified"),
    "acknowledgement": ("Eingangsbestätigung der Behörde", "the authority's confirmation of receipt"),
    "status": ("Stand des Verfahrens", "status of the procedure"),
    "incomplete": ("Es fehlen Unterlagen", "documents are missing"),
    "supplement": ("Nachgereichtes ist eingegangen", "supplement received"),
    "unreadable": ("Datei nicht lesbar", "file cannot be read"),
    "extension": ("Frist verlängert", "period extended"),
    "decision": ("Entscheidung liegt bereit", "decision available"),
    "completion": ("Verfahren abgeschlossen", "procedure completed"),
    "deemed-approval": ("gilt als bewilligt", "deemed approved"),
    "certificate": ("Bescheinigung der Genehmigungsfiktion", "certificate of the deemed approval"),
    "trade-certificate": ("Gewerbeschein liegt bereit", "trade certificate available"),
    "address": ("keine brauchbare Adresse", "no usable address"),
    "gave-up": ("aufgegeben", "given up"),
    "bounced": ("kam zurück", "came back"),
    "suppressed": ("nicht versucht", "not tried"),
    "forwarding": ("Weitergabe", "passing on"),
    "fetching": ("Abholung", "fetching"),
    "confirmation": ("Bestätigung", "confirmation"),
    "certified": ("Genehmigungsfiktion bescheinigt", "deemed approval certified"),
    "extended": ("Frist verlängert", "period extended"),
    "withdrawn": ("war schon zurückgenommen", "had been withdrawn already"),
    "already-extended": ("war schon verlängert", "had been extended already"),
    "already-deemed-approved": ("galt schon als genehmigt", "was deemed approved already"),
    "not-deemed-approved": ("gilt nicht als genehmigt", "is not deemed approved"),
    "already-closed": ("war schon abgeschlossen", "had been closed already"),
    "too-many": ("zu viele Nachreichungen", "too many supplements"),
    "not-unconfirmed": ("die Behörde hat noch Zeit", "the authority still has time"),
    "too-late": ("zu spät: Frist schon abgelaufen", "too late: period already over"),
    "too-long": ("länger als erlaubt", "longer than allowed"),
    "not-allowed": ("nicht vorgesehen", "not provided for"),
    "nothing-runs": ("es lief keine Frist", "no period ran"),
    "not-every-case-covered": (
        "das Gesetz gilt nur für einen Teil der Fälle",
        "the law covers only some of the cases",
    ),
    "suspended": ("Behörde war gesperrt", "authority was suspended"),
    "unconfirmed": ("nie bestätigt", "never confirmed"),
    "unread-answer": ("eine Antwort war nicht lesbar", "an answer could not be read"),
    "list-missing": ("Liste des Fehlenden kam nicht", "list of what is missing did not arrive"),
    "list-not-opened": ("Liste des Fehlenden nicht zu öffnen", "list of what is missing cannot be opened"),
    "list-unreadable": ("Liste des Fehlenden nicht lesbar", "list of what is missing cannot be read"),
    "obsolete": ("überholt", "obsolete"),
    "handled-otherwise": ("auf anderem Weg erledigt", "handled otherwise"),
    "beyond-repair": ("nicht zu retten", "beyond repair"),
    "expired": ("Datensatz abgelaufen", "record expired"),
    "test": ("Test", "test"),
    "applied": ("ausgeführt", "carried out"),
    "closed": ("aufgegeben", "given up"),
    "going-on": ("macht weiter", "goes on"),
    "not-open": ("war schon erledigt", "had been settled already"),
    "not-its-turn": ("ein früherer Datensatz ist zuerst dran", "an earlier record comes first"),
}
NEVER_PROVEN = (
    (
        "Dass wahr ist, was die Dienste gemeldet haben: das Protokoll hält fest, dass sie es gemeldet haben.",
        "That what the services reported is true: the log records that they reported it.",
    ),
    (
        "Dass nichts fehlt: das zeigt die Vollständigkeitsauskunft der Prüfstelle, nicht diese Datei.",
        "That nothing is missing: the service's statement of completeness shows that, not this file.",
    ),
    (
        "Wer die Inhalte sonst kennt; was die Felder bedeuten (die beigelegten Schemas sind nicht unterschrieben).",
        "Who else knows the payloads; what the fields mean (the schemas enclosed are not signed).",
    ),
)


@dataclass(frozen=True)
class Verdict:
    """What the file proves, and what it does not."""

    bundle: Any
    state: State
    cosigned: list[tuple[str, int | None]]
    stamp: Stamp | None
    own_keys: bool

    def lines(self, language: int) -> Iterator[str]:
        """The answer for people: 0 in German, 1 in English. Whatever the file says is made `plain`."""
        if not self.own_keys:
            yield from (sentence[language] for sentence in NO_KEY)
            yield ""
        yield (
            f"Protokoll {plain(self.state.origin)}, Stand mit {self.state.size} Einträgen.",
            f"Log {plain(self.state.origin)}, checkpoint of {self.state.size} entries.",
        )[language]
        # The log's order is that of arrival; a history is told in the order in which things happened.
        for each in sorted(self.bundle["entries"], key=lambda each: json.loads(each["entry"])["time"]):
            yield self._line(each, language)
        for title, sentences in (
            (PROVEN if self.own_keys else CONSISTENT, self.proven()),
            (NOT_PROVEN, self.not_proven()),
        ):
            yield ""
            yield title[language]
            yield from (f"  - {sentence[language]}" for sentence in sentences)

    def _line(self, each: Any, language: int) -> str:
        leaf = json.loads(each["entry"])
        code = plain(leaf["type"].removeprefix("de.amtsweg.").removesuffix(".v1"))
        kind = KINDS.get(code, (code, code))[language]
        whose = [self._named(leaf[name]) for name in ("authority", "service") if leaf.get(name)]
        about = " · ".join([*whose, *told(each.get("payload"), language)])
        named = f": {about}" if about else ""
        shown = ("Inhalt", "payload") if "payload" in each else ("ohne Inhalt", "no payload")
        return (
            f"  {each['index']:>8}  {local_text(leaf['time'], language)}  {kind}{named}  ({shown[language]})"
        )

    def _named(self, key: str) -> str:
        """The key with the name that the file gives it; names are signed by nobody."""
        names = self.bundle.get("names")
        name = names.get(key) if isinstance(names, dict) else None
        return plain(key) if name is None else f"{plain(name)} ({plain(key)})"

    @property
    def status(self) -> int:
        """The exit status."""
        return HOLDS if self.own_keys else UNTRUSTED

    def proven(self) -> Iterator[tuple[str, str]]:
        entries = self.bundle["entries"]
        opened = sum("payload" in each for each in entries)
        yield (
            f"Diese {len(entries)} Einträge stehen unverändert an genau diesen Stellen des Protokolls.",
            f"These {len(entries)} entries stand unaltered at exactly these places of the log.",
        )
        if opened:
            yield (
                f"Die {opened} beigelegten Inhalte sind die, auf die sich die Einträge festgelegt haben.",
                f"The {opened} payloads are those that the entries have committed to.",
            )
        for name, time in self.cosigned:
            yield (
                f"Der Zeuge {plain(name)} hat diesen Stand gesehen{_on(time, 0)} und mitgezeichnet.",
                f"The witness {plain(name)} has seen this checkpoint{_on(time, 1)} and cosigned it.",
            )
        if self.stamp is not None and self.stamp.time is not None:
            yield (
                f"Die ersten {self.stamp.size} Einträge gab es am {local_time(self.stamp.time, 0)} schon (Zeitstempel).",
                f"The first {self.stamp.size} entries existed on {local_time(self.stamp.time, 1)} (time stamp).",
            )

    def not_proven(self) -> Iterator[tuple[str, str]]:
        if not self.own_keys:
            yield (
                "DER SCHLÜSSEL: er stammt aus der Datei selbst. Auf anderem Weg holen (--policy, --log-key)!",
                "THE KEY: it was taken from the file itself. Get it from elsewhere (--policy, --log-key)!",
            )
        if not self.cosigned:
            yield (
                "Dass alle denselben Stand sehen: kein Zeuge der Vertrauensregel hat mitgezeichnet.",
                "That everybody sees the same checkpoint: no witness of the policy has cosigned.",
            )
        if self.stamp is None:
            yield (
                "Seit wann es die Einträge gibt: kein Zeitstempel.",
                "Since when the entries exist: no time stamp.",
            )
        elif self.stamp.time is None:
            yield (
                f"Der Zeitstempel: {self.stamp.unchecked[0]}.",
                f"The time stamp: {self.stamp.unchecked[1]}.",
            )
        elif self.bundle["entries"][-1]["index"] >= self.stamp.size:
            yield (
                f"Seit wann es die Einträge ab {self.stamp.size} gibt: sie sind jünger als der Zeitstempel.",
                f"Since when the entries from {self.stamp.size} exist: they are younger than the time stamp.",
            )
        if any("payload" not in each for each in self.bundle["entries"]):
            yield (
                "Was in den Einträgen ohne Inhalt stand: er ist gelöscht oder nicht beigelegt.",
                "What the entries without a payload said: it is erased or not enclosed.",
            )
        yield from NEVER_PROVEN


def told(payload: str | None, language: int) -> list[str]:
    """What tells an event from others of its kind, as the auditors' page says it."""
    data = {} if payload is None else json.loads(payload).get("data")
    data = data if isinstance(data, dict) else {}
    answer, assignment = (
        (found if isinstance(found := data.get(name), dict) else {}) for name in ("answer", "assignment")
    )
    said = [data.get(name) for name in ("kind", "channel", "outcome", "reason", "basis", "step")]
    said += [answer.get("kind"), answer.get("outcome"), assignment.get("reason")]
    return [
        plain(VALUES[each][language] if each in VALUES else each) for each in said if isinstance(each, str)
    ]


def plain(text: object) -> str:
    """One line of printable characters, not too long: control characters and invisible ones are spelt out."""
    spelt_out = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in str(text))
    return spelt_out if len(spelt_out) <= LONGEST else spelt_out[: LONGEST - 1] + "…"


def _on(time: int | None, language: int) -> str:
    if time is None:
        return ""
    return f"{(' am', ' on')[language]} {local_time(datetime.fromtimestamp(time, UTC), language)}"


def local_text(text: object, language: int) -> str:
    """An instant of a leaf in German local time; as it stands where it is none."""
    try:
        told = str(text).replace("Z", "+00:00")  # an older Python does not read Z
        return local_time(datetime.fromisoformat(told), language)
    except (ValueError, OverflowError):
        return plain(text)


def local_time(time: datetime, language: int) -> str:
    """German local time with its zone: MEZ, and MESZ from the last Sunday of March, 01:00 UTC, to that of October."""
    time = time.astimezone(UTC)
    summer = _last_sunday(time.year, 3) <= time < _last_sunday(time.year, 10)
    local = time + timedelta(hours=2 if summer else 1)
    if language == 0:
        return f"{local:%d.%m.%Y, %H:%M:%S} {'MESZ' if summer else 'MEZ'}"
    return f"{local:%d/%m/%Y, %H:%M:%S} {'CEST' if summer else 'CET'}"


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=last.isoweekday() % 7)


def content_of(path: Path) -> bytes:
    """What the file holds; one that has no end fills no memory."""
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise OSError(errno.EFBIG, f"> {LARGEST} Bytes", str(path))
    return data


class Call(argparse.ArgumentParser):
    """What it says by itself, in the reader's language."""

    def __init__(self, language: int) -> None:
        description = ("Prüft eine Beweisdatei von Amtsweg.", "Verifies an evidence file of Amtsweg.")[
            language
        ]
        super().__init__(description=description, add_help=False)
        self.language = language

    def format_usage(self) -> str:
        return self._spoken(super().format_usage())

    def format_help(self) -> str:
        return self._spoken(super().format_help())

    def error(self, message: str) -> NoReturn:
        for english, german in GERMAN_ERRORS if self.language == 0 else ():
            message = re.sub(english, german, message)
        self.exit(CALLED_WRONGLY, f"{self.format_usage()}{self.prog}: {plain(message)}\n")

    def _spoken(self, text: str) -> str:
        for english, german in GERMAN_HEADINGS if self.language == 0 else ():
            text = text.replace(english, german)
        return text


GERMAN_HEADINGS = (
    ("usage: ", "Aufruf: "),
    ("positional arguments:", "Angaben:"),
    ("optional arguments:", "Optionen:"),  # before Python 3.10
    ("options:", "Optionen:"),
)
GERMAN_ERRORS = (
    (r"the following arguments are required: ", "es fehlt: "),
    (r"unrecognized arguments: ", "unbekannt: "),
    (r"argument (\S+): expected one argument", r"zu \1 gehört ein Wert"),
    (r"argument (\S+): invalid choice: (\S+) \(choose from (.+)\)", r"\1: \2 ist keines von \3"),
    (r"ambiguous option: (\S+) could match (.+)", r"\1 ist mehrdeutig: \2"),
)


def call_in(language: int) -> Call:
    """The options, described in this language."""

    def say(german: str, english: str) -> str:
        return (german, english)[language]

    call = Call(language)
    apart = say("auf anderem Weg erhalten", "received in another way")
    call.add_argument("-h", "--help", action="help", help=say("diese Hilfe zeigen", "show this help"))
    call.add_argument("bundle", type=Path, metavar=say("BEWEIS.json", "EVIDENCE.json"))
    call.add_argument(
        "--policy", type=Path, help=say("Vertrauensregel", "trust policy") + f" (C2SP tlog-policy), {apart}"
    )
    call.add_argument(
        "--log-key",
        help=say(f"Schlüssel des Protokolls, {apart}, statt", f"the log's key, {apart}, instead of")
        + " --policy",
    )
    call.add_argument(
        "--tsa-root",
        type=Path,
        help=say("Wurzelzertifikat der Zeitstempelstelle", "root certificate of the time stamping authority")
        + " (PEM)",
    )
    call.add_argument("--lang", choices=("de", "en"), default="de", help=say("Sprache", "language"))
    return call


def unreadable(failed: OSError | ValueError, language: int) -> str:
    """A file that the call names and that cannot be used."""
    if isinstance(failed, OSError):
        why = failed.strerror if failed.errno == errno.EFBIG else type(failed).__name__
        return f"{failed.filename}: {('nicht lesbar', 'cannot be read')[language]} ({why})"
    if isinstance(failed, UnicodeDecodeError):
        return ("--policy: kein Text in UTF-8", "--policy: no text in UTF-8")[language]
    return ("--tsa-root: kein Zertifikat (PEM)", "--tsa-root: no certificate (PEM)")[language]


def main(arguments: Sequence[str] | None = None) -> int:
    if isinstance(sys.stdout, io.TextIOWrapper):  # a screen without a letter shows its number instead
        sys.stdout.reconfigure(errors="backslashreplace")
    words = sys.argv[1:] if arguments is None else arguments
    english = "--lang=en" in words or "--lang en" in " ".join(words)
    parser = call_in(1 if english else 0)
    asked = parser.parse_args(arguments)
    language = parser.language
    try:
        data, policy = (
            content_of(asked.bundle),
            content_of(asked.policy).decode() if asked.policy else None,
        )
        roots = x509.load_pem_x509_certificates(content_of(asked.tsa_root)) if asked.tsa_root else []
    except (OSError, ValueError) as failed:
        parser.error(unreadable(failed, language))
    if asked.log_key:
        policy = f"log {asked.log_key}\nquorum none\n"
    try:
        verdict = verify(data, policy=policy, roots=roots)
    except Refused as refused:
        sys.stderr.write(("ABGELEHNT: ", "REFUSED: ")[language] + refused.words[language] + "\n")
        return REFUSED
    sys.stdout.write("\n".join(verdict.lines(language)) + "\n")
    return verdict.status


if __name__ == "__main__":
    sys.exit(main())
