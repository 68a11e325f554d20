"""What the model said in a round, and what the rounds of an answer come to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from headroom_langchain.ccr.rounds.calls import HiddenCall
from headroom_langchain.serve.dialects.dialect import Spoken
from headroom_langchain.serve.dialects.messages.blocks import Block
from headroom_langchain.serve.dialects.usage import added
from headroom_langchain.serve.wire.body import Json

_CUT_OFF: Final = "max_tokens"

_UNANSWERED: Final = ("refusal", "model_context_window_exceeded")
"""Why the model stopped, where another round could only fail."""

_COUNTED: Final = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
)
"""What the API counts for every iteration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One round of the model, when it has ended."""

    blocks: tuple[Block, ...]
    stop_reason: str | None = None
    usage: Json | None = None
    id: str | None = None
    container: Json | None = None
    """Where the API has run code, if it has."""

    @property
    def calls(self) -> tuple[HiddenCall, ...]:
        """The hidden calls that are to be answered."""
        if self.stop_reason in _UNANSWERED:
            return ()
        cut = self.stop_reason == _CUT_OFF
        last = len(self.blocks) - 1
        return tuple(
            HiddenCall(
                id=block.id,
                arguments=None if cut and index == last else block.arguments,
                raw=block.raw,
            )
            for index, block in enumerate(self.blocks)
            if block.hidden
        )

    @property
    def others(self) -> bool:
        """Whether tools of the client are called."""
        return any(block.call and not block.hidden for block in self.blocks)

    @property
    def says(self) -> bool:
        """Whether a reader of the answer sees anything of the round."""
        return any(block.says for block in self.blocks)

    @property
    def stopped(self) -> str | None:
        """Why the model stopped, as the client is told."""
        if self.stop_reason == "tool_use" and not self.others:
            return "end_turn"
        return self.stop_reason

    def spoken(self, *, complete: bool, failed: bool, text: bool) -> Spoken:
        """Return the round in the words of all dialects.

        Args:
            complete: Whether its last event has come.
            failed: Whether that was an error.
            text: Whether the client saw something in an earlier round.
        """
        broken = {call.id for call in self.calls if call.arguments is None}
        content = ((block.id, block.repeated()) for block in self.blocks)
        return Spoken(
            complete=complete,
            failed=failed,
            calls=self.calls,
            others=self.others,
            content=tuple(
                {**block, "input": {}} if block_id in broken - {None} else block
                for block_id, block in content
                if block is not None
            ),
            id=self.id,
            usage=self.usage,
            text=text or self.says,
        )


def answer_usage(rounds: Sequence[Said], counts: Literal["sum", "last"]) -> Json:
    """Return what is counted for an answer of several rounds.

    Args:
        rounds: All of them.
        counts: Whether it is what is paid for, or what the last round had.
    """
    counted = rounds if counts == "sum" else rounds[-1:]
    usages = [said.usage for said in counted]
    iterations = [each for said in rounds for each in _iterations(said.usage or {})]
    return {**(added(usages) or {}), "iterations": iterations}


def _iterations(usage: Json) -> Iterator[Json]:
    """Yield the API's own entries for a round, or the one that it does not write."""
    if isinstance(own := usage.get("iterations"), list) and own:
        yield from own
        return
    entry: Json = {"type": "message"}
    entry |= {key: usage.get(key) or 0 for key in _COUNTED}
    if "cache_creation" in usage:
        entry["cache_creation"] = usage["cache_creation"]
    yield entry
