"""A sample state platform: hands in a submission, repeats the request, follows the case. Made to be copied.

Only Python's standard library. A lost answer is nothing to fear: the same request under the same
Idempotency-Key gives the same receipt, however often it is sent.
"""

import argparse
import base64
import http.client
import io
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SUBMISSION = {
    "service": "99050012104000",  # Gewerbe Anmeldung
    "content": {"betrieb": {"name": "Bäckerei Sonnenschein", "beginn": "2026-02-01"}},
    "contact": {"email": "erika.mustermann@example.org", "name": "Erika Mustermann"},
    "language": "de",
    "clientReference": "antrag-4711",
}
LAST = {"granted", "refused", "parked"}


class Unredirected(urllib.request.HTTPRedirectHandler):
    """The token is for the address that was named: a redirection is an answer like any other refusal."""

    def redirect_request(self, *_: Any) -> None:
        return None


OPENER = urllib.request.build_opener(Unredirected)


def problem(refused: urllib.error.HTTPError) -> Any:
    """What a refusal says; whoever says nothing of this kind is not the server that was meant."""
    try:
        return json.load(refused)
    except ValueError:
        return {"detail": f"{refused.url} answered {refused.code}.", "resolution": "Is the address right?"}


def request(url: str, *, headers: dict[str, str], body: bytes | None = None) -> Any:
    """Return the answer's JSON; urllib raises HTTPError for anything but 2xx, and URLError where nobody answers."""
    asked = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - the stack's own address
    with OPENER.open(asked, timeout=10) as answer:
        return json.load(answer)


def authorize(intake: str, client_id: str, secret: str) -> dict[str, str]:
    """Ask for a token (OAuth 2.0 client credentials) and return the header that carries it."""
    basic = base64.b64encode(
        f"{urllib.parse.quote(client_id)}:{urllib.parse.quote(secret)}".encode()
    ).decode()
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
    token = request(f"{intake}/token", headers=headers, body=b"grant_type=client_credentials")
    return {"Authorization": f"Bearer {token['access_token']}"}


def submit(intake: str, token: dict[str, str], *, key: str, town: str) -> Any:
    """Hand in the submission and return its receipt."""
    submission = {**SUBMISSION, "place": {"plz": "35390", "town": town}}
    headers = {**token, "Content-Type": "application/json", "Idempotency-Key": f'"{key}"'}
    return request(f"{intake}/v1/submissions", headers=headers, body=json.dumps(submission).encode())


def follow(intake: str, token: dict[str, str], history: str, *, seconds: float) -> Iterator[Any]:
    """Yield each line of the case's history once, until the case rests or the time is over."""
    seen: set[str] = set()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for line in request(intake + history, headers=token)["events"]:
            if line["eventId"] not in seen:
                seen.add(line["eventId"])
                yield line
                if line["code"] in LAST:
                    return
        time.sleep(0.2)


def refusal(told: Any) -> str:
    """A refusal in lines: what is wrong, what to do, and each place where it is wrong."""
    said = f"{told.get('detail', told.get('error'))} {told.get('resolution', told.get('error_description'))}"
    return "\n  ".join([said, *(f"{each['at']}: {each['message']}" for each in told.get("errors", []))])


def main() -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):  # a screen without a letter shows its number instead
        sys.stdout.reconfigure(errors="backslashreplace")
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("stack", type=Path, help="var/stack.json of the running stack")
    parser.add_argument("--client", help="whose credentials; the first that has a secret if left out")
    parser.add_argument("--town", default="Gießen", help="one that nobody knows leads to the clearing desk")
    parser.add_argument("--seconds", type=float, default=10, help="how long the case is followed")
    given = parser.parse_args()
    try:
        stack = json.loads(given.stack.read_text(encoding="utf-8"))
    except OSError as error:
        parser.error(f"{given.stack}: {error.strerror}; `make up` starts a stack and writes it")
    clients = {each["clientId"]: each for each in stack["clients"].values() if each.get("secret")}
    if given.client not in {None, *clients}:
        parser.error(f"{given.client}: no client with a secret; expected one of {', '.join(clients)}")
    client = clients[given.client or next(iter(clients))]
    try:
        run(stack["urls"]["intake"], client, town=given.town, seconds=given.seconds)
    except urllib.error.HTTPError as refused:
        sys.exit(refusal(problem(refused)))
    except BrokenPipeError:  # whoever reads what is printed has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (
        OSError,
        http.client.HTTPException,
    ) as away:  # also a connection that ends, or an answer that does not come in time
        sys.exit(f"{stack['urls']['intake']} cannot be reached: {getattr(away, 'reason', away)}")


def run(intake: str, client: dict[str, str], *, town: str, seconds: float) -> None:
    """Hand in, repeat, follow."""
    token = authorize(intake, client["clientId"], client["secret"])
    key = str(uuid.uuid4())
    receipt = submit(intake, token, key=key, town=town)
    print(f"receipt {receipt['receiptNumber']} of {receipt['receivedAt']}, case {receipt['caseId']}")
    again = submit(intake, token, key=key, town=town)
    print(f"repeated under the same key: {'the same receipt' if again == receipt else 'ANOTHER RECEIPT'}")
    code = ""
    for line in follow(intake, token, receipt["links"]["history"], seconds=seconds):
        code = line["code"]
        print(f"{line['at']}  {code:<20} {line['text']}")
    if code not in LAST:
        print(
            f"not decided within {seconds:g} seconds; what comes later is told by GET {receipt['links']['history']}"
        )


if __name__ == "__main__":
    main()
