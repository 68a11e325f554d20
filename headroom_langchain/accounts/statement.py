"""What is known of one call, from its begin on: light enough to be kept.

It has figures and reasons, but no messages and no originals.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from langchain_core.messages.ai import UsageMetadata

from headroom_langchain.accounts.billing import billed, plain_bill
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.reports.report import (
    BlockReport,
    CallReport,
    RequestReport,
    RetrievalReport,
)
from headroom_langchain.reports.totals import NOTHING, Billed, Totals, summed

Mark = tuple[str | None, str | None, int, int]
"""What tells a text that was rewritten from others of its conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The tokens of the texts of a call."""

    before: int
    after: int
    replayed: int
    """Of answers to retrievals of earlier calls."""
    known: int
    """Tokens saved in texts that the call before had too."""
    marks: frozenset[Mark]
    """The texts in which tokens were saved."""

    @classmethod
    def of(cls, blocks: Sequence[BlockReport], earlier: AbstractSet[object]) -> Given:
        """Add up texts.

        Args:
            blocks: The texts.
            earlier: The marks of the call before.
        """
        before = after = replayed = known = 0
        marks = []
        for block in blocks:
            before += block.tokens_before
            after += block.tokens_after
            if block.tool == RETRIEVE_TOOL_NAME:
                replayed += block.tokens_before
            if block.skipped is None:
                mark = (block.key, block.kind, block.tokens_before, block.tokens_after)
                marks.append(mark)
                if mark in earlier:
                    known += block.tokens_before - block.tokens_after
        return cls(
            before=before,
            after=after,
            replayed=replayed,
            known=known,
            marks=frozenset(marks),
        )


@dataclass(slots=True, kw_only=True)
class Statement:
    """One call so far."""

    blocks: tuple[BlockReport, ...]
    given: Given
    conversation: str | None
    model: str | None
    retrievals: Sequence[RetrievalReport]
    """Grows while the call goes on."""
    notes: tuple[Sequence[str], ...]
    """Likewise."""
    requests: list[RequestReport] = field(default_factory=list)
    bills: list[Billed] = field(default_factory=list)
    """One for each request."""

    def sends(self, *, tokens: int, tokens_tool: int) -> None:
        """Note a request."""
        number = len(self.requests) + 1
        request = RequestReport(number=number, tokens=tokens, tokens_tool=tokens_tool)
        # Others may read at any time, and take the requests that there are.
        self.bills.append(billed(request))
        self.requests.append(request)

    def counted(self, usage: UsageMetadata) -> None:
        """Note what the provider counted for the last request."""
        self.requests[-1] = replace(self.requests[-1], usage=usage)
        self.bills[-1] = billed(self.requests[-1])

    def failed(self) -> None:
        """Note that nothing came back for the last request."""
        if self.requests:
            self.requests[-1] = replace(self.requests[-1], failed=True)

    @property
    def totals(self) -> Totals:
        """What the call adds to the totals, as far as it went."""
        given = self.given
        requests = [request for request in self.requests if not request.failed]
        if not requests:
            return NOTHING
        bills = self.bills[: len(requests)]
        first, count = requests[0].tokens_sent, len(requests)
        sent = sum([request.tokens_sent for request in requests])
        usages = [request.usage for request in requests if request.usage is not None]
        # Answers to the last request wait for the next call.
        told = sum([each.tokens for each in self.retrievals if each.round < count])
        new = given.before - given.after - given.known
        return Totals(
            calls=1,
            requests=count,
            retrievals=len(self.retrievals),
            tokens_before=given.before,
            tokens_after=given.after,
            tokens_sent=sent,
            tokens_replayed=given.replayed,
            tokens_retrieved=sum([each.tokens for each in self.retrievals]),
            tokens_resent=sent - first - told,
            tokens_net_saved=given.before - given.replayed - sent,
            input_tokens=sum([usage["input_tokens"] for usage in usages]),
            output_tokens=sum([usage["output_tokens"] for usage in usages]),
            uncounted=count - len(usages),
            paid=summed(bills),
            plain=plain_bill(
                bills, new=new, known=given.before - given.replayed - first - new
            ),
        )

    def report(self, total: Totals) -> CallReport:
        """Return what the call did.

        Args:
            total: The running total of its conversation.
        """
        return CallReport(
            blocks=self.blocks,
            retrievals=tuple(self.retrievals),
            rounds=max(1, len(self.requests)),
            notes=tuple(note for notes in self.notes for note in notes),
            conversation=self.conversation,
            model=self.model,
            requests=tuple(self.requests),
            figures=self.totals,
            total=total,
        )
