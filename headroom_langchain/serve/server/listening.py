"""The socket that requests come in by."""

from __future__ import annotations

import errno
import os
import socket
from ipaddress import ip_address
from typing import Final

from headroom_langchain.errors import ConfigurationError

LOOPBACK: Final = "127.0.0.1"
"""Where a server listens that only this machine reaches."""

_BACKLOG: Final = 2048
_ANYWHERE: Final = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104 - compared, not bound to


def listen(host: str, port: int) -> socket.socket:
    """Listen.

    Args:
        host: An address or a name of this machine.
        port: The port; 0 for one that is free.

    Raises:
        ConfigurationError: It cannot be listened there.
    """
    try:
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        msg = f"{host!r} is no address of this machine: {error.strerror or error}"
        raise ConfigurationError(msg) from error
    try:
        if os.name == "posix":
            # A port counts as free as soon as its last server has ended.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigurationError(_refused(host, port, error)) from error
    return listener


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches what listens there."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def address_of(listener: socket.socket) -> str:
    """Return where a client on this machine reaches it, as `http://host:port`."""
    host, port = listener.getsockname()[:2]
    host = _ANYWHERE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _refused(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} of {host} is in use: end what listens there, or take "
            "another one with --port (0 for any that is free)"
        )
    if error.errno == errno.EACCES:
        return f"port {port} is not for everybody: take one from 1024 on with --port"
    return f"cannot listen on {host}, port {port}: {error.strerror or error}"
