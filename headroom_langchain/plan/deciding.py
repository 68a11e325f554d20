"""What becomes of one text: left alone, rewritten, or excerpted.

The decision depends on the text, on what came before it, and on the rules; what
was decided once is remembered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headroom_langchain.ccr.marker import (
    COMPLETE,
    RETRIEVE_TOOL_NAME,
    is_marked,
    marker,
    summary,
)
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.compression.interest import interest_of
from headroom_langchain.errors import ConfigurationError
from headroom_langchain.plan.memo import Memo
from headroom_langchain.plan.messages import TextBlock
from headroom_langchain.rules.bias import Bias
from headroom_langchain.rules.policy import STUBS, CompressionPolicy
from headroom_langchain.rules.tool_rule import NO_RULE, ToolRule
from headroom_langchain.tokens import TokenCounter, estimate_tokens

if TYPE_CHECKING:
    from headroom_langchain.compression.excerpt import Compressor
    from headroom_langchain.compression.shorten import Shortened

_SHORT = 1000
"""Characters below which counting is cheaper than remembering the count."""

_UNRULED = (None, NO_RULE)

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


class Memory:
    """What was found out about texts, so that nobody need look again."""

    def __init__(self, *, max_size: int = 64 * 2**20) -> None:
        """Start empty.

        Args:
            max_size: Characters that may be remembered of each, 64 Mi by default.
        """
        self.outcomes: Memo[Outcome] = Memo(max_size=max_size)
        self.counts: Memo[int] = Memo(max_size=max_size)


class Decider:
    """Decides about texts under one policy."""

    def __init__(
        self,
        *,
        policy: CompressionPolicy,
        redeemable: bool,
        memory: Memory,
        token_counter: TokenCounter = estimate_tokens,
    ) -> None:
        """Set up.

        Args:
            policy: The rules.
            redeemable: Whether a marker could be redeemed; without it texts are
                only rewritten without loss, unless the policy is `lossy`.
            memory: What was found out before.
            token_counter: Counts the figures of the report; decides nothing.
        """
        self._policy = policy
        self._ruled = bool(policy.tools)
        self._redeemable = redeemable
        self._memo, self._counts = memory.outcomes, memory.counts
        self._count = token_counter

    def rule(self, block: TextBlock) -> tuple[str | None, ToolRule]:
        """Return the rule for a text, and the pattern it stands under."""
        if block.tool is None or not self._ruled:
            return _UNRULED
        return self._policy.rule_for(block.tool)

    def spared(self, block: TextBlock) -> str | None:
        """Say why a text is left alone, as far as that can be told at once."""
        policy = self._policy
        if block.role not in policy.roles:
            return f"{block.role} text"
        if block.tool == RETRIEVE_TOOL_NAME:
            return "retrieved"
        if block.tool is not None and policy.excludes(block.tool):
            return "excluded tool"
        if len(block.text) < _LONGEST_STUB and block.text.startswith(STUBS):
            return "stub of a file"
        # No text has more tokens than bytes, and no character more than four bytes.
        if 4 * len(block.text) < self._trigger(block):
            return "below trigger"
        return None

    def unchanged(
        self, block: TextBlock, reason: str, *, kind: str | None = None
    ) -> Outcome:
        """Return that a text goes out as it is.

        Args:
            block: The text.
            reason: Why.
            kind: How it was understood, if it was looked at.
        """
        return Outcome(
            text=None,
            kind=kind,
            original=None,
            omitted="",
            tokens_before=(tokens := self._tokens(block.text)),
            tokens_after=tokens,
            skipped=reason,
        )

    def known(self, block: TextBlock, bias: Bias) -> Outcome | None:
        """Return what was decided about a text before, or `None`."""
        return self._memo.get(self._key(block, bias))

    def decide(self, block: TextBlock, bias: Bias) -> Outcome:
        """Decide about a text that nothing spares.

        Raises:
            ConfigurationError: A rule names a kind that there is not.
        """
        key = self._key(block, bias)
        outcome = self._memo.get(key)
        if outcome is None:
            outcome = self._outcome(block, bias)
            self._memo.put(key, outcome, size=len(block.text) + outcome.size)
        return outcome

    def _key(self, block: TextBlock, bias: Bias) -> tuple[object, ...]:
        interest = interest_of(block.arguments, block.question)
        mode = (self._redeemable, self._policy, bias.budget)
        return (block.text, block.role, block.tool, interest, mode)

    def _trigger(self, block: TextBlock) -> int:
        return (self.rule(block)[1].trigger or self._policy.trigger)[1]

    def _outcome(self, block: TextBlock, bias: Bias) -> Outcome:
        before = estimate_tokens(block.text)
        if before < self._trigger(block):
            return self.unchanged(block, "below trigger")
        if is_marked(block.text):
            return self.unchanged(block, "already compressed")
        try:
            return self._shortened(block, before, bias)
        except ConfigurationError:
            raise
        except Exception as error:  # noqa: BLE001 - fail open: whatever a compressor raises, the original goes out
            return self.unchanged(block, f"failed: {type(error).__name__}: {error}")

    def _shortened(self, block: TextBlock, before: int, bias: Bias) -> Outcome:
        # Compressors are loaded once there is something to compress.
        from headroom_langchain.compression.shorten import shorten

        policy, (_, rule) = self._policy, self.rule(block)
        lossless = policy.preset == "lossless" or not (self._redeemable or policy.lossy)
        short = shorten(
            block.text,
            interest=interest_of(block.arguments, block.question),
            tool=block.tool or "",
            scale=policy.scale * rule.budget * bias.budget,
            lossless=lossless,
            first=_compressor(rule),
            keep=rule.keep,
        )
        if short is None:
            return self.unchanged(block, "nothing to rewrite")
        text, original = self._finished(block, short)
        if len(text) >= len(block.text) or estimate_tokens(text) >= before:
            return self.unchanged(block, "not smaller", kind=short.kind)
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

    def _tokens(self, text: str) -> int:
        if len(text) < _SHORT:
            return self._count(text)
        key = ("tokens", text)
        known = self._counts.get(key)
        if known is None:
            known = self._count(text)
            self._counts.put(key, known, size=len(text))
        return known


def _compressor(rule: ToolRule) -> Compressor | None:
    """Return what a rule wants a text read by, if anything."""
    if rule.compressor is not None or rule.kind is None:
        return rule.compressor
    from headroom_langchain.compression.registry import named

    return named(rule.kind)
