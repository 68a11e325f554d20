"""Messages in, messages out: which texts are shortened, and what becomes of them.

A plan is made first: it looks at every text block, decides what is eligible and
takes from memory what was shortened before. What is left over is the work, which
a driver may do where it likes (in a thread, when an event loop must not stall).
Nothing here touches a store; the originals that must be kept are in the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from langchain_core.messages import BaseMessage

from headroom_langchain.ccr.marker import (
    COMPLETE,
    RETRIEVE_TOOL_NAME,
    is_marked,
    marker,
    summary,
)
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.compression.interest import interest_of
from headroom_langchain.memo import Memo
from headroom_langchain.messages import (
    TextBlock,
    replace_texts,
    text_blocks,
    with_keys,
)
from headroom_langchain.policy import STUBS, CompressionPolicy
from headroom_langchain.report import BlockReport
from headroom_langchain.tokens import TokenCounter, estimate_tokens

if TYPE_CHECKING:
    from headroom_langchain.compression.shorten import Shortened

_SHORT = 1000
"""Characters below which counting is cheaper than remembering the count."""

_LONGEST_STUB = 16_384
"""Characters below which a text that says so may stand for a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one text."""

    text: str | None
    """The text that goes out; `None` for the original."""
    kind: str | None
    original: Original | None
    """What must be kept, when something was left out."""
    omitted: str
    tokens_before: int
    tokens_after: int
    skipped: str | None

    @property
    def size(self) -> int:
        """Characters that remembering it costs."""
        return len(self.text or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compressed:
    """Messages as they go out."""

    messages: list[BaseMessage]
    originals: tuple[Original, ...]
    """What markers in the messages refer to."""
    blocks: tuple[BlockReport, ...]


class Memory:
    """What one pipeline found out about texts, so that it need not look again."""

    def __init__(self) -> None:
        """Start empty."""
        self.outcomes: Memo[Outcome] = Memo()
        self.counts: Memo[int] = Memo()


class Plan:
    """What is to be done with the texts of some messages."""

    def __init__(
        self,
        messages: Sequence[BaseMessage],
        *,
        policy: CompressionPolicy,
        redeemable: bool,
        memory: Memory | None = None,
        token_counter: TokenCounter = estimate_tokens,
    ) -> None:
        """Look at the messages.

        Args:
            messages: What is to be sent.
            policy: The rules.
            redeemable: Whether a marker could be redeemed; without it texts are
                only rewritten without loss, unless the policy is `lossy`.
            memory: What earlier calls found out.
            token_counter: Counts the figures of the report; decides nothing.
        """
        self._messages = messages
        self._policy = policy
        self._redeemable = redeemable
        memory = memory or Memory()
        self._memo, self._counts = memory.outcomes, memory.counts
        self._count = token_counter
        self._blocks = list(text_blocks(messages))
        self._outcomes = [self._known(block) for block in self._blocks]

    @property
    def texts(self) -> int:
        """How many texts the messages have."""
        return len(self._blocks)

    @property
    def work(self) -> int:
        """Characters that still have to be looked at."""
        pairs = zip(self._blocks, self._outcomes, strict=True)
        return sum(len(block.text) for block, outcome in pairs if outcome is None)

    def run(self) -> Compressed:
        """Do the work and return the messages as they go out."""
        outcomes = [
            outcome or self._decide(block)
            for block, outcome in zip(self._blocks, self._outcomes, strict=True)
        ]
        messages = list(self._messages)
        texts: dict[int, dict[tuple[int, ...], str]] = {}
        keys: dict[int, list[str]] = {}
        originals: dict[str, Original] = {}
        for block, outcome in zip(self._blocks, outcomes, strict=True):
            if outcome.text is not None:
                texts.setdefault(block.message, {})[block.path] = outcome.text
            if outcome.original is not None:
                keys.setdefault(block.message, []).append(outcome.original.key)
                originals[outcome.original.key] = outcome.original
        for index, replaced in texts.items():
            messages[index] = replace_texts(messages[index], replaced)
        for index, named in keys.items():
            messages[index] = with_keys(messages[index], named)
        reports = map(_report, self._blocks, outcomes)
        return Compressed(
            messages=messages,
            originals=tuple(originals.values()),
            blocks=tuple(reports),
        )

    def _key(self, block: TextBlock) -> tuple[object, ...]:
        interest = interest_of(block.arguments, block.question)
        mode = (self._redeemable, self._policy)
        return (block.text, block.role, block.tool, interest, mode)

    def _known(self, block: TextBlock) -> Outcome | None:
        if (reason := self._excluded(block)) is not None:
            return self._unchanged(block, reason)
        return self._memo.get(self._key(block))

    def _excluded(self, block: TextBlock) -> str | None:
        """Say why a text is left alone, as far as that can be told at once."""
        if block.role not in self._policy.roles:
            return f"{block.role} text"
        if block.tool == RETRIEVE_TOOL_NAME:
            return "retrieved"
        if block.tool is not None and self._policy.excludes(block.tool):
            return "excluded tool"
        if len(block.text) < _LONGEST_STUB and block.text.startswith(STUBS):
            return "stub of a file"
        # No text has more tokens than bytes, and no character more than four bytes.
        if 4 * len(block.text) < self._policy.trigger[1]:
            return "below trigger"
        return None

    def _decide(self, block: TextBlock) -> Outcome:
        key = self._key(block)
        outcome = self._memo.get(key)
        if outcome is None:
            outcome = self._outcome(block)
            self._memo.put(key, outcome, size=len(block.text) + outcome.size)
        return outcome

    def _outcome(self, block: TextBlock) -> Outcome:
        before = estimate_tokens(block.text)
        if before < self._policy.trigger[1]:
            return self._unchanged(block, "below trigger")
        if is_marked(block.text):
            return self._unchanged(block, "already compressed")
        try:
            return self._shortened(block, before)
        except Exception as error:  # noqa: BLE001 - fail open: whatever a compressor raises, the original goes out
            return self._unchanged(block, f"failed: {type(error).__name__}: {error}")

    def _shortened(self, block: TextBlock, before: int) -> Outcome:
        # Compressors are loaded once there is something to compress.
        from headroom_langchain.compression.shorten import shorten

        policy = self._policy
        lossless = policy.preset == "lossless" or not (self._redeemable or policy.lossy)
        short = shorten(
            block.text,
            interest=interest_of(block.arguments, block.question),
            tool=block.tool or "",
            scale=policy.scale,
            lossless=lossless,
        )
        if short is None:
            return self._unchanged(block, "nothing to rewrite")
        text, original = self._finished(block, short)
        if len(text) >= len(block.text) or estimate_tokens(text) >= before:
            return self._unchanged(block, "not smaller", kind=short.kind)
        return Outcome(
            text=text,
            kind=short.kind,
            original=original,
            omitted=short.omitted,
            tokens_before=self._tokens(block.text),
            tokens_after=self._tokens(text),
            skipped=None,
        )

    def _finished(
        self, block: TextBlock, short: Shortened
    ) -> tuple[str, Original | None]:
        """Add the last line: what is missing, and how to ask for it."""
        if not short.omitted:
            return f"{short.text}\n{COMPLETE}", None
        if not self._redeemable:
            return f"{short.text}\n{summary(short.omitted)}", None
        original = Original.of(block.text, kind=short.kind, tool=block.tool)
        return f"{short.text}\n{marker(original.key, short.omitted)}", original

    def _unchanged(
        self, block: TextBlock, reason: str, *, kind: str | None = None
    ) -> Outcome:
        return Outcome(
            text=None,
            kind=kind,
            original=None,
            omitted="",
            tokens_before=(tokens := self._tokens(block.text)),
            tokens_after=tokens,
            skipped=reason,
        )

    def _tokens(self, text: str) -> int:
        if len(text) < _SHORT:
            return self._count(text)
        key = ("tokens", text)
        known = self._counts.get(key)
        if known is None:
            known = self._count(text)
            self._counts.put(key, known, size=len(text))
        return known


def _report(block: TextBlock, outcome: Outcome) -> BlockReport:
    return BlockReport(
        message=block.message,
        role=block.role,
        tool=block.tool,
        kind=outcome.kind,
        key=outcome.original.key if outcome.original else None,
        omitted=outcome.omitted,
        tokens_before=outcome.tokens_before,
        tokens_after=outcome.tokens_after,
        skipped=outcome.skipped,
    )
