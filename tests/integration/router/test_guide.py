"""The guide of an authority's developer, run as it stands in an environment that has only what it names."""

import asyncio
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from amtsweg.stack.service import ServiceProcess
from shared.events.case import CaseDecided, CaseForwarded, CaseReturned
from shared.events.envelope import Event
from shared.events.sealed_answer import AnswerKeys, SealingKey, SealingKeySet
from shared.events.submission import SubmissionReceived, SubmissionRouted
from shared.events.topics import CASE_UPDATED, SUBMISSION_ROUTED
from tests.integration.router.conftest import Ground, url
from tests.integration.router.test_inbox import AT, RUESSELSHEIM
from tests.support.events import POINT
from tests.support.fresh_environment import fresh_environment, named_in

GUIDE = Path(__file__).parents[3] / "docs" / "authorities.md"
_PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HANDED_ON = """
first, (case, last) = case, [each for each in {cases} if each != case]
send("returned").raise_for_status()
print(json.dumps([first, case, last]))
case = last
send("forwarded").raise_for_status()
case = first
assert send("certified").json()["type"].endswith("not-deemed-approved")
"""
"""The bodies that no case takes after the guide's other answers."""


def _with_keys(received: Event[SubmissionReceived]) -> Event[SubmissionReceived]:
    """The submission, with keys that what an authority writes can be sealed to."""
    to = SealingKeySet(keys=(SealingKey.model_validate(POINT | {"kid": "platform"}),))
    named = AnswerKeys(submission_id=received.submission_id, client=to, notifier=to)
    return replace(received, data=received.data.model_copy(update={"answer_keys": named}))


async def test_the_guide_leads_from_credentials_to_an_answer(
    ground: Ground, doors: ServiceProcess, intake: ServiceProcess, tmp_path: Path
) -> None:
    received = [_with_keys(ground.submission(place=AT[RUESSELSHEIM])) for _ in range(3)]
    await ground.receive(*received)
    for each in received:
        await ground.until(SUBMISSION_ROUTED.name, each.case_id, SubmissionRouted)
    stack = {
        "urls": {"intake": url(intake), "router": url(doors)},
        "authorities": {
            RUESSELSHEIM: {
                "clientId": RUESSELSHEIM,
                "secret": ground.made.authority_secrets[RUESSELSHEIM],
                "decryptionKeyFile": str(ground.made.keys.of_authority(RUESSELSHEIM, "decryption.jwk")),
            }
        },
    }
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "stack.json").write_text(json.dumps(stack))
    shutil.copy(GUIDE.parents[1] / "examples" / "authority" / "sealing.py", tmp_path)
    blocks = "\n".join(_PYTHON.findall(GUIDE.read_text(encoding="utf-8")))
    others = [str(each.case_id) for each in received]
    program = blocks.replace("g-06531005", RUESSELSHEIM) + _HANDED_ON.format(cases=others)

    ran = await asyncio.to_thread(
        subprocess.run,
        [str(fresh_environment(tmp_path / "fresh", named_in(GUIDE))), "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert "{'betrieb': 'Laden'}" in ran.stdout
    first, returned, forwarded = map(UUID, json.loads(ran.stdout.splitlines()[-1]))
    await ground.until(CASE_UPDATED.name, first, CaseDecided)
    await ground.until(CASE_UPDATED.name, returned, CaseReturned)
    await ground.until(CASE_UPDATED.name, forwarded, CaseForwarded)
