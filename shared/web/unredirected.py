"""Requests that follow no redirect, so that no answer sends them, and a token with them, elsewhere."""

import urllib.request
from http.client import HTTPResponse
from typing import Final
from urllib.request import Request


class _Staying(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follow no redirection; urllib then raises it as the error that it is to us."""


_OPENER: Final = urllib.request.build_opener(_Staying)


def open_unredirected(request: Request, *, timeout: float) -> HTTPResponse:
    """The answer to a request whose address has been judged (`addresses.protected_url`).

    Raises:
        HTTPError: another status than 2xx, a redirection included.
        OSError: nobody answers.
    """
    answer: HTTPResponse = _OPENER.open(request, timeout=timeout)
    return answer
