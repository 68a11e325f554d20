"""Small answers over ASGI, and who may ask for them.

What is shown here is shown to people on this machine. A page of a stranger can let a
browser ask by a name of its own that leads here; so requests must name this server by
an address or a name that is known.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, TypeAlias
from urllib.parse import parse_qsl

from headroom_langchain.serve.client import Asgi, Receive, Scope, Send

HTML: Final = "text/html; charset=utf-8"
JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"

_CAREFUL: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_SEALED: Final = "default-src 'none'; frame-ancestors 'none'"
_HERE: Final = ("localhost", "127.0.0.1", "::1")
_ANYWHERE: Final = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound to


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A request for something to see."""

    path: str
    query: dict[str, str]
    accept: str
    """What the client would like to have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer in one piece."""

    body: bytes
    kind: str = TEXT
    status: int = 200
    policy: str = _SEALED
    """What a browser may load for it (`Content-Security-Policy`)."""

    @classmethod
    def of(cls, value: object, status: int = 200) -> Reply:
        """Return a value as JSON."""
        body = json.dumps(value, separators=(",", ":")).encode()
        return cls(body=body, kind=JSON, status=status)


Answer: TypeAlias = Callable[[Asking], Awaitable[Reply]]
"""What answers a request."""


def guarded(answer: Answer, hosts: Hosts) -> Asgi:
    """Return an ASGI application that answers `GET` and `HEAD` of known hosts."""

    async def application(scope: Scope, _: Receive, send: Send) -> None:
        head = scope["method"] == "HEAD"
        if scope["method"] not in ("GET", "HEAD"):
            said = b"Only GET and HEAD are answered here.\n"
            await _send(send, Reply(body=said, status=405), head=False)
        elif (stranger := hosts.stranger(scope)) is not None:
            said = f"This server does not answer to {stranger!a}.\n".encode()
            await _send(send, Reply(body=said, status=421), head=head)
        else:
            await _send(send, await answer(_asking(scope)), head=head)

    return application


class Hosts:
    """The names by which requests may call this server."""

    def __init__(self, bound: str, names: Iterable[str]) -> None:
        """Take up the names.

        Args:
            bound: What the server is bound to.
            names: Further names; `*` stands for all.
        """
        known = {name.lower().rstrip(".") for name in (*_HERE, bound, *names)}
        self._any = "*" in known
        self._known = frozenset(known)
        # An address in the place of a name was not looked up, so nobody can have
        # made it lead here who should not.
        self._addresses = bound in _ANYWHERE

    def stranger(self, scope: Scope) -> str | None:
        """Return the host that a request names, when it is not known here.

        No browser leaves it out, so a request without one is no stranger's.
        """
        if self._any:
            return None
        named = [value for name, value in scope["headers"] if name == b"host"]
        hosts = (value.decode("latin-1") for value in named)
        return next((host for host in hosts if not self._knows(_name(host))), None)

    def _knows(self, name: str) -> bool:
        if name in self._known or name.endswith(".localhost"):
            return True
        try:
            address = ip_address(name)
        except ValueError:
            return False
        return self._addresses or address.is_loopback


def _name(host: str) -> str:
    """Return the host without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower().rstrip(".")


def _asking(scope: Scope) -> Asking:
    accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    query: bytes = scope.get("query_string") or b""
    return Asking(
        path=scope["path"],
        query=dict(parse_qsl(query.decode("latin-1"))),
        accept=accept.decode("latin-1"),
    )


async def _send(send: Send, reply: Reply, *, head: bool) -> None:
    headers = [
        (b"content-type", reply.kind.encode()),
        (b"content-length", str(len(reply.body)).encode()),
        (b"content-security-policy", reply.policy.encode()),
        *_CAREFUL,
    ]
    if reply.status == 405:  # noqa: PLR2004 - method not allowed
        headers.append((b"allow", b"GET, HEAD"))
    start = {"type": "http.response.start", "status": reply.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": b"" if head else reply.body})
