"""What was decided about each text of a call, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockReport:
    """What happened to one text block."""

    message: int
    """Index of its message in what was given."""
    role: str
    """Who wrote it: `tool`, `human`, `system` or `assistant`."""
    tool: str | None
    """The tool that wrote it, if it is a tool result whose call is known."""
    kind: str | None
    """How it was understood, such as `logs`; `None` when it was not looked at."""
    key: str | None
    """The key of its original; `None` when nothing was left out."""
    omitted: str
    """What is not shown; empty when nothing was left out."""
    tokens_before: int
    tokens_after: int
    skipped: str | None
    """Why it went out unchanged; `None` when it was rewritten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalReport:
    """One hidden call of `headroom_retrieve`."""

    round: int
    """The round of the model that asked, counted from 1."""
    arguments: str
    """The arguments as JSON."""
    tokens: int
    """Tokens of the answer, estimated on the high side."""
    error: bool
    """Whether the answer says that the call could not be served."""
    repeated: bool = False
    """Whether the model asked again for what it had been told is not there, which
    ends the asking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReport:
    """What one call of a wrapped model did."""

    blocks: tuple[BlockReport, ...]
    retrievals: tuple[RetrievalReport, ...] = ()
    rounds: int = 1
    """Calls of the inner model."""
    notes: tuple[str, ...] = ()
    """What went wrong, and which step an error or a caller that left cut short."""

    @property
    def tokens_before(self) -> int:
        """Tokens of all text blocks as they were given."""
        return sum(block.tokens_before for block in self.blocks)

    @property
    def tokens_after(self) -> int:
        """Tokens of all text blocks as they were sent."""
        return sum(block.tokens_after for block in self.blocks)

    @property
    def tokens_saved(self) -> int:
        """Tokens that were not sent; retrievals are not subtracted."""
        return self.tokens_before - self.tokens_after
