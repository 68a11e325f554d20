"""What an operator decides: where requests go, and how much one may take."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from headroom_langchain.errors import ConfigurationError

ANTHROPIC: Final = "https://api.anthropic.com"
"""Where Anthropic's API is."""
OPENAI: Final = "https://api.openai.com/v1"
"""Where OpenAI's API is."""
_PATH: Final = re.compile("[!-~]*+")
"""What a path may be written with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstreams:
    """Where requests are passed on to; nothing in a request can change it.

    Addresses are what the providers' own clients take for a base URL.
    """

    anthropic: str = ANTHROPIC
    openai: str = OPENAI

    def __post_init__(self) -> None:
        """Check the addresses.

        Raises:
            ConfigurationError: One is no address of a server.
        """
        for name in ("anthropic", "openai"):
            _check(name, getattr(self, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a request may take."""

    max_body: int = 64 * 2**20
    """Bytes of a request's body that is read; larger ones are refused."""
    max_requests: int = 1000
    """Requests at the same time; those beyond are told to come again."""
    body_timeout: float = 30.0
    """Seconds that the next bytes of a request's body may take."""
    connect_timeout: float = 10.0
    """Seconds that connecting to an upstream may take."""
    read_timeout: float = 600.0
    """Seconds that the next bytes of an upstream may take."""
    heartbeat: float = 5.0
    """Seconds after which a client that waits for a hidden round is told that the
    stream is alive."""

    def __post_init__(self) -> None:
        """Check the figures.

        Raises:
            ConfigurationError: One is not above 0.
        """
        for name in self.__slots__:
            if not getattr(self, name) > 0:
                msg = f"{name}={getattr(self, name)!r} must be above 0"
                raise ConfigurationError(msg)


def _check(name: str, address: str) -> None:
    try:
        parts = urlsplit(address)
        named = parts.hostname and parts.netloc.encode("idna") and parts.port != 0
    except ValueError:
        parts, named = urlsplit(""), False
    if parts.username is not None or parts.fragment:
        # It is not repeated: logs are no place for credentials.
        msg = f"{name} has credentials or a fragment: clients send their own keys"
        raise ConfigurationError(msg)
    known = parts.scheme in ("http", "https") and named and not parts.query
    if not known or _PATH.fullmatch(parts.path) is None:
        msg = (
            f"{name}={address!r} is no address: write it as https://host or "
            "https://host/path"
        )
        raise ConfigurationError(msg)
