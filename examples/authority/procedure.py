"""What this authority answers, and why: put your own procedure here. Every kind of answer occurs once.

The content of a case decides, so that one can try everything from outside (see README.md). An answer's id follows from
the record and the kind: sent again after a crash, it is the same answer.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sealing import sealed_parts

CHECK = "amtswegCheck"
"""The member of the content that marks a test submission of `amtsweg authority check`."""


class Answer(NamedTuple):
    """An answer without the case; ``own_id`` tells answers to one record apart."""

    own_id: str
    body: dict[str, Any]


def answers_to(case: dict[str, Any]) -> Iterator[Answer]:
    """The answers to a new case, in order. Whoever hands it on says nothing else."""
    content, keys = case["content"], case.get("answerKeys")
    wanted = content if isinstance(content, dict) else {}
    if (other := wanted.get("fuer")) and other != case["authority"]:
        yield answer("forwarded", forwardTo=other, reason="wrong-place")
        return
    if wanted.get("irrlaeufer"):
        yield answer("returned", reason="misdirected")
        return
    yield answer("accepted", keys, content={"fileNumber": file_number(case)})
    if wanted.get("schwierig"):
        yield answer("extended", keys, months=1, content={"text": "Die Sache ist schwierig zu prüfen."})
    if wanted.get("unlesbar"):
        text = "Die Anlage lässt sich nicht öffnen. Bitte senden Sie sie als PDF."
        yield answer("unreadable", keys, content={"text": text})
    if missing := wanted.get("fehlt"):
        listed = {"missing": missing}
        yield answer("information-requested", keys, items=len(missing), content=listed, notice=listed)
        return  # the decision follows the supplement
    yield decision(case, outcome="refused" if wanted.get("ablehnen") else "granted")


def answers_to_supplement(case: dict[str, Any]) -> Iterator[Answer]:
    """What was missing is there: decide. A test submission wants its second word back."""
    check = case["content"].get(CHECK) if isinstance(case["content"], dict) else None
    yield decision(
        case, outcome="granted", text=check["word"] if check else "Vielen Dank für die Nachreichung."
    )


def answers_to_silence(case: dict[str, Any]) -> Iterator[Answer]:
    """The period ended in silence, so what was asked for counts as granted: certify it (§ 42a Abs. 3 VwVfG)."""
    document = enclosed("Bescheinigung.txt", "Das Beantragte gilt als bewilligt.")
    yield answer("certified", case.get("answerKeys"), content={"documents": [document]})


def decision(case: dict[str, Any], *, outcome: str, text: str = "") -> Answer:
    """Decide, with a document that only the platform can open; the message names it, with size and digest."""
    document = enclosed("Bescheid.txt", f"Bescheid {file_number(case)}: {outcome}")
    told = base64.urlsafe_b64decode(document["data"] + "==")
    pointer = {
        "name": document["name"],
        "mediaType": document["mediaType"],
        "size": len(told),
        "digest": f"sha256:{hashlib.sha256(told).hexdigest()}",
    }
    content = {"fileNumber": file_number(case), "documents": [document]} | ({"text": text} if text else {})
    notice = {"fileNumber": file_number(case), "documents": [pointer]}
    return answer("decided", case.get("answerKeys"), outcome=outcome, content=content, notice=notice)


def answer(
    kind: str,
    keys: dict[str, Any] | None = None,
    *,
    content: dict[str, Any] | None = None,
    notice: dict[str, Any] | None = None,
    **members: Any,
) -> Answer:
    """One answer; what people write is sealed."""
    parts = sealed_parts(keys, content=content or {}, notice=notice or {}) if keys else {}
    given = {"kind": kind, "givenAt": datetime.now(UTC).isoformat(timespec="seconds"), **members, **parts}
    return Answer(kind, given)


def enclosed(name: str, text: str) -> dict[str, str]:
    """A document, whole."""
    data = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    return {"name": name, "mediaType": "text/plain", "data": data}


def file_number(case: dict[str, Any]) -> str:
    """The authority's own number."""
    return f"32.1-{case['receipt']['receiptNumber']}"[:64]


def check_report(answer_ids: list[str], refused: str) -> str:
    """What a test submission wants to hear: what the platform answered."""
    return json.dumps({CHECK: {"answerIds": answer_ids, "refused": refused}})
