"""What a process must know to serve. It can be sent to another process."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from headroom_langchain.errors import ConfigurationError
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.serve.server.listening import LOOPBACK
from headroom_langchain.serve.settings import Limits, Upstreams

LogFormat: TypeAlias = Literal["json", "text"]
"""`json`: a line of JSON for each request; `text`: one for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What a process must know to serve."""

    upstreams: Upstreams = field(default_factory=Upstreams)
    policy: CompressionPolicy = field(default_factory=CompressionPolicy)
    store: str | None = None
    """A file, or `postgresql://...`; `None` for the memory of the process."""
    ttl: float | None = None
    """Seconds after which an original that is not used is forgotten."""
    namespace: str | None = None
    """The tenant of all requests; `None` for one for each credential."""
    limits: Limits = field(default_factory=Limits)
    workers: int = 1
    host: str = LOOPBACK
    """What the server is bound to."""
    names: tuple[str, ...] = ()
    """Further names by which the page may be asked for."""
    page: bool = True
    """Whether there is a page at `/`."""
    show_contents: bool = False
    """Whether the page shows originals."""
    log: LogFormat | None = "text"
    """What is written to stderr; `None` for nothing."""
    color: bool = False
    grace: int = 30
    """Seconds that running requests have to end when the server is stopped."""
    journal: Path | None = None
    """The file in which several workers put together what the page shows."""

    def __post_init__(self) -> None:
        """Check what goes together.

        Raises:
            ConfigurationError: Something does not.
        """
        if self.workers < 1 or self.grace <= 0:
            msg = f"workers={self.workers} and grace={self.grace} must be above 0"
            raise ConfigurationError(msg)
        if self.workers > 1 and self.store is None:
            msg = (
                f"{self.workers} workers need a store that they share: name one with "
                "--store FILE or --store postgresql://..."
            )
            raise ConfigurationError(msg)
