"""What a server saved while it ran, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headroom_langchain.serve.handled import Handled


class Saved:
    """Adds up what requests saved; an observer of a server."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._requests = 0
        self._before = 0
        self._sent = 0
        self._retrievals = 0
        self._retrieved = 0

    def began(self) -> None:
        """Note that a request has come."""

    def ended(self, handled: Handled) -> None:
        """Add a request that is over."""
        self._requests += 1
        self._before += handled.tokens_before
        self._sent += handled.tokens_sent
        self._retrievals += len(handled.retrievals)
        self._retrieved += sum(one.tokens for one in handled.retrievals)

    def told(self) -> str:
        """Return it in words."""
        told = [_counted(self._requests, "request")]
        if self._before > self._sent:
            less = 100 * (1 - self._sent / self._before)
            told.append(
                f"{self._before:,} -> {self._sent:,} tokens of messages "
                f"({less:.0f} % less)"
            )
        elif self._requests:
            told.append("nothing to compress")
        if self._retrievals:
            retrievals = _counted(self._retrievals, "retrieval")
            told.append(f"{retrievals} of {self._retrieved:,} tokens")
        return ", ".join(told)


def _counted(number: int, name: str) -> str:
    return f"{number:,} {name}" if number == 1 else f"{number:,} {name}s"
