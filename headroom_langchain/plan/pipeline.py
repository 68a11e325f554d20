"""Messages in, messages out: which texts are shortened, and what becomes of them.

A plan is made first: it looks at every text block, tells what the rules spare and
takes from memory what was shortened before. What is left over is the work, which
a driver may do where it likes (in a thread, when an event loop must not stall).
Nothing here touches a store; the originals that must be kept are in the result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from langchain_core.messages import BaseMessage

from headroom_langchain.ccr.store.base import Original
from headroom_langchain.plan.deciding import Decider, Memory, Outcome
from headroom_langchain.plan.messages import (
    TextBlock,
    rewritten,
    text_blocks,
)
from headroom_langchain.reports.report import BlockReport
from headroom_langchain.rules.bias import NEUTRAL, Bias
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.tokens import TokenCounter, estimate_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Whether a text is looked at."""

    message: int
    """Index of its message in what was given."""
    role: str
    tool: str | None
    rule: str | None
    """The pattern of the rule that holds for its tool, if one does."""
    bias: Bias
    skipped: str | None
    """Why it is left alone; `None` when it is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compressed:
    """Messages as they go out."""

    messages: list[BaseMessage]
    originals: tuple[Original, ...]
    """What markers in the messages refer to."""
    blocks: tuple[BlockReport, ...]


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
        self._decider = Decider(
            policy=policy,
            redeemable=redeemable,
            memory=memory or Memory(),
            token_counter=token_counter,
        )
        self._blocks = list(text_blocks(messages))
        self._spared = [self._decider.spared(block) for block in self._blocks]
        self._biases: Mapping[int, Bias] = {}
        self._outcomes = self._known()

    @property
    def texts(self) -> int:
        """How many texts the messages have."""
        return len(self._blocks)

    @property
    def work(self) -> int:
        """Characters that still have to be looked at."""
        pairs = zip(self._blocks, self._outcomes, strict=True)
        return sum(len(block.text) for block, outcome in pairs if outcome is None)

    @property
    def eligible(self) -> tuple[int, ...]:
        """The messages with a text that nothing spares, by index."""
        pairs = zip(self._blocks, self._spared, strict=True)
        found = (block.message for block, spared in pairs if spared is None)
        return tuple(dict.fromkeys(found))

    @property
    def remembered(self) -> tuple[int, ...]:
        """Those of them whose texts are all known from earlier calls."""
        pairs = zip(self._blocks, self._outcomes, strict=True)
        new = {block.message for block, outcome in pairs if outcome is None}
        return tuple(index for index in self.eligible if index not in new)

    @property
    def routes(self) -> tuple[Route, ...]:
        """What is known of each text before it is read."""
        pairs = zip(self._blocks, self._spared, strict=True)
        return tuple(
            Route(
                message=block.message,
                role=block.role,
                tool=block.tool,
                rule=self._decider.rule(block)[0],
                bias=self._bias(block),
                skipped=spared or ("protected" if self._bias(block).protect else None),
            )
            for block, spared in pairs
        )

    def bias(self, biases: Mapping[int, Bias]) -> None:
        """Show more or less of some messages than the rules say.

        Args:
            biases: By the index of the message; what the rules spare stays so.
        """
        self._biases = biases
        self._outcomes = self._known()

    def run(self) -> Compressed:
        """Do the work and return the messages as they go out.

        Raises:
            ConfigurationError: A rule names a kind of text that there is not.
        """
        outcomes = [
            outcome or self._decider.decide(block, self._bias(block))
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
            named = keys.get(index, ())
            messages[index] = rewritten(messages[index], replaced, named)
        return Compressed(
            messages=messages,
            originals=tuple(originals.values()),
            blocks=tuple(map(self._report, self._blocks, outcomes)),
        )

    def _bias(self, block: TextBlock) -> Bias:
        return self._biases.get(block.message, NEUTRAL)

    def _known(self) -> list[Outcome | None]:
        """Return what is known of each text already."""
        decider, known = self._decider, list[Outcome | None]()
        for block, spared in zip(self._blocks, self._spared, strict=True):
            if spared is not None:
                known.append(decider.unchanged(block, spared))
                continue
            bias = self._bias(block)
            known.append(
                decider.unchanged(block, "protected")
                if bias.protect
                else decider.known(block, bias)
            )
        return known

    def _report(self, block: TextBlock, outcome: Outcome) -> BlockReport:
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
            rule=self._decider.rule(block)[0],
            bias=self._bias(block).budget,
        )
