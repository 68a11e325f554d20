"""Runs first in the kernel of a notebook: whoever leaves this machine fails."""

from __future__ import annotations

import sys

_NEAR = frozenset({"127.0.0.1", "::1", "localhost"})


def _stay_here(event: str, arguments: tuple[object, ...]) -> None:
    host: object = None
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    if host is not None and host not in _NEAR:
        msg = f"notebooks run without network, and this one asked for {host!r}"
        raise OSError(msg)


sys.addaudithook(_stay_here)
