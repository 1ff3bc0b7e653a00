"""What stands under a start: where each is reached, under the name that the start has just shown for that address."""

from io import StringIO
from types import SimpleNamespace
from typing import Any, cast

from rich.console import Console

from amtsweg.stack.commands import addresses
from amtsweg.stack.description import Urls

URLS = Urls(
    intake="http://127.0.0.1:8081",
    router="http://127.0.0.1:8082",
    desk="http://127.0.0.1:8087",
    notifier="http://127.0.0.1:8083",
    audit="http://127.0.0.1:8084",
)


def test_the_doors_are_not_shown_as_the_process_router_which_answers_elsewhere() -> None:
    folders = SimpleNamespace(maildir="mail", mailboxes="mailboxes", letters="letters")
    description = SimpleNamespace(urls=URLS, kafka=SimpleNamespace(bootstrap="127.0.0.1:9092"), smtp=folders)
    written = StringIO()
    Console(file=written, width=120).print(addresses(cast("Any", description)))

    [doors] = [line for line in written.getvalue().splitlines() if ":8082" in line]
    assert doors.split("http")[0].strip() == "Türen der Behörden (urls.router)"
