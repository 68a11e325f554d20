"""What one agent hands to another in place of a large result."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Self, cast

from langchain_core.messages import HumanMessage, ToolMessage

from headroom_langchain.plan.messages import with_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedReference:
    """A result under a name: an excerpt to read, and the hash of all of it."""

    name: str
    key: str
    """The hash of the content, by which the store has it."""
    excerpt: str
    """What to show of it; ends with a marker when something was left out."""
    omitted: str
    """What the excerpt does not show; empty when nothing was left out."""
    kind: str | None
    """How the content was understood, such as `logs`; `None` for a small one."""
    tokens_before: int
    """Tokens of the content."""
    tokens_after: int
    """Tokens of the excerpt."""
    agent: str | None = None
    """Who put it there."""
    description: str = ""
    """What it is."""
    put_at: float = 0.0
    """When it was put, in seconds of the clock of its `SharedContext`."""

    @property
    def text(self) -> str:
        """The excerpt behind a line that says what it is."""
        whose = f" of {self.agent}" if self.agent else ""
        what = f": {self.description}" if self.description else ""
        return f'Shared result "{self.name}"{whose}{what}\n{self.excerpt}'

    def as_message(self) -> HumanMessage:
        """Return a message that shows the excerpt and may be asked for the rest.

        It records the hash, so that a `HeadroomChatModel` or `ToolHooks` with the
        same store answers `headroom_retrieve` for it.
        """
        message = HumanMessage(self.text)
        keys = self._keys
        return cast("HumanMessage", with_keys(message, keys)) if keys else message

    def as_tool_message(self, tool_call_id: str) -> ToolMessage:
        """Return the same as the answer to a tool call, such as one that hands over.

        Args:
            tool_call_id: The id of the call.
        """
        answer = ToolMessage(self.text, tool_call_id=tool_call_id)
        keys = self._keys
        return cast("ToolMessage", with_keys(answer, keys)) if keys else answer

    def to_json(self) -> str:
        """Return a JSON object in ASCII that `from_json` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the reference of which `to_json` returned this.

        Raises:
            ValueError: It never did.
        """
        try:
            return cls(**json.loads(text))
        except TypeError as error:
            msg = f"no reference to a shared result: {error}"
            raise ValueError(msg) from error

    @property
    def _keys(self) -> tuple[str, ...]:
        return (self.key,) if self.omitted else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedStats:
    """What a `SharedContext` holds, in numbers."""

    results: int
    tokens_before: int
    """Tokens of their contents."""
    tokens_after: int
    """Tokens of their excerpts."""

    @property
    def tokens_saved(self) -> int:
        """Tokens that a reader of all excerpts does not read."""
        return self.tokens_before - self.tokens_after

    @classmethod
    def of(cls, references: Iterable[SharedReference]) -> Self:
        """Count references."""
        some = list(references)
        return cls(
            results=len(some),
            tokens_before=sum(one.tokens_before for one in some),
            tokens_after=sum(one.tokens_after for one in some),
        )
