"""A part is ready when its own process answers at its port."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from amtsweg.stack import ports
from amtsweg.stack.errors import PartFailedError
from amtsweg.stack.process import Command
from amtsweg.stack.supervised import SupervisedProcess

SERVES = "import http.server as h, sys; h.test(h.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind='127.0.0.1')"


class Serving(SupervisedProcess):
    health = "/"

    def command(self) -> Command:
        return Command(arguments=[sys.executable, "-c", SERVES, str(self.port)], folder=self.var)


class Well(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_what_another_process_answers_at_its_port_does_not_make_a_part_ready(tmp_path: Path) -> None:
    with HTTPServer((ports.LOOPBACK, 0), Well) as stranger:
        threading.Thread(target=stranger.serve_forever, daemon=True).start()
        part = Serving("serving", var=tmp_path, port=stranger.server_port)
        with pytest.raises(PartFailedError) as failed:
            part.start()
        stranger.shutdown()

    assert "Address already in use" in str(failed.value)


def test_a_part_whose_own_process_answers_is_ready(tmp_path: Path) -> None:
    part = Serving("serving", var=tmp_path, port=ports.free_port())
    try:
        part.start()
        assert part.ready()
    finally:
        part.stop()
    assert not part.ready()
