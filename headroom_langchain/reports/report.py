"""What was decided about each text of a call, why, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from langchain_core.messages.ai import UsageMetadata

from headroom_langchain.reports.totals import NOTHING, Totals

if TYPE_CHECKING:
    from headroom_langchain.display.terminal import Screen


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
    rule: str | None = None
    """The pattern in the policy's `tools` that its tool matches, if one does."""
    bias: float = 1.0
    """The factor that a hook put on its budget."""


class TextSums:
    """Sums over the texts of something."""

    __slots__ = ()

    blocks: tuple[BlockReport, ...]
    """One entry for each text, in order."""

    @property
    def tokens_before(self) -> int:
        """Tokens of all texts as they were given."""
        return sum(block.tokens_before for block in self.blocks)

    @property
    def tokens_after(self) -> int:
        """Tokens of all texts as compression left them."""
        return sum(block.tokens_after for block in self.blocks)

    @property
    def tokens_saved(self) -> int:
        """Tokens that compression took away; retrievals are not subtracted."""
        return self.tokens_before - self.tokens_after


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalReport:
    """One hidden call of `headroom_retrieve`."""

    round: int
    """The round of the model that asked, counted from 1."""
    arguments: str
    """The arguments as JSON."""
    tokens: int
    """Tokens of the answer."""
    error: bool
    """Whether the answer says that the call could not be served."""
    repeated: bool = False
    """Whether the model asked again for what it had been told is not there, which
    ends the asking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestReport:
    """One request that was sent to the inner model."""

    number: int
    """Its round, counted from 1."""
    tokens: int
    """Estimated tokens of all texts of its messages, as they were sent."""
    tokens_tool: int = 0
    """Estimated tokens of `headroom_retrieve` in it: its entry in the list of tools,
    and the arguments of its calls."""
    usage: UsageMetadata | None = None
    """What the provider counted; `None` while it did not, or never did."""
    failed: bool = False
    """Whether it failed before anything came back. Nobody is billed for that, so
    totals leave it out, and a call that has no other request."""

    @property
    def tokens_sent(self) -> int:
        """Tokens of the texts and of `headroom_retrieve`."""
        return self.tokens + self.tokens_tool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReport(TextSums):
    """What one call of a wrapped model did, or one compression outside of it.

    Tokens are estimated with `estimate_tokens`, for every text that has been sent, so
    that they can be counted again.
    """

    blocks: tuple[BlockReport, ...]
    retrievals: tuple[RetrievalReport, ...] = ()
    rounds: int = 1
    """Calls of the inner model."""
    notes: tuple[str, ...] = ()
    """What went wrong, and which step an error or a caller that left cut short."""
    conversation: str | None = None
    """The `thread_id` or `session_id` of the call; `None` when it had neither."""
    model: str | None = None
    """The name of the inner model, if it tells one."""
    requests: tuple[RequestReport, ...] = ()
    """What was sent in each round; empty outside of a wrapped model, where others
    send what was compressed."""
    figures: Totals = NOTHING
    """What the call adds to the totals."""
    total: Totals = NOTHING
    """The running total of its conversation, when the report was asked for."""

    @property
    def tokens_retrieved(self) -> int:
        """Tokens of the answers to retrievals."""
        return sum(retrieval.tokens for retrieval in self.retrievals)

    @property
    def tokens_resent(self) -> int:
        """Tokens that the rounds after the first sent beside those answers."""
        return self.figures.tokens_resent

    @property
    def tokens_net_saved(self) -> int:
        """Tokens less than the call would have sent without this package.

        That is one request with the originals, less all that was sent: over all
        rounds, with the answers to retrievals and the retrieve tool itself. It is
        negative when retrievals took more than was saved.
        """
        if self.requests:
            return self.figures.tokens_net_saved
        return self.tokens_saved - self.tokens_retrieved - self.tokens_resent

    def __rich__(self) -> Screen:
        """Return what `rich` prints in a terminal."""
        from headroom_langchain.display.calls import view_of_call
        from headroom_langchain.display.terminal import Screen

        return Screen(view_of_call(self))

    def _repr_html_(self) -> str:
        """Return what a notebook shows; a report has figures, and no texts."""
        from headroom_langchain.display.calls import view_of_call
        from headroom_langchain.display.html import to_html

        return to_html(view_of_call(self))
