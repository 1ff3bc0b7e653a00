"""How a route's description states the problems that it may answer."""

from shared.web.described import described

__all__ = ["described"]
