"""What a compression gives back: messages or a text, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from langchain_core.messages import BaseMessage, convert_to_messages

from headroom_langchain.plan.messages import text_blocks
from headroom_langchain.reports.report import BlockReport, TextSums

if TYPE_CHECKING:
    from headroom_langchain.display.terminal import Screen
    from headroom_langchain.display.view import View

M = TypeVar("M", BaseMessage, dict[str, Any], BaseMessage | dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressionResult(TextSums, Generic[M]):
    """Messages as they may be sent, and what was decided about their texts."""

    messages: list[M]
    """As many messages as were given, of the same kinds; those that were not
    rewritten are the very same objects."""
    blocks: tuple[BlockReport, ...]
    """One entry for each text, in order."""
    given: list[M] = field(repr=False)
    """The messages as they were given."""
    notes: tuple[str, ...] = ()
    """What went wrong without stopping the compression."""

    def __rich__(self) -> Screen:
        """Return what `rich` prints in a terminal."""
        from headroom_langchain.display.terminal import Screen

        return Screen(self._view())

    def _repr_html_(self) -> str:
        """Return what a notebook shows: every text before and after."""
        from headroom_langchain.display.html import to_html

        return to_html(self._view())

    def _view(self) -> View:
        from headroom_langchain.display.view import view_of

        before, after = map(_texts, (self.given, self.messages))
        return view_of(self.blocks, before=before, after=after, notes=self.notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressedText:
    """One text, compressed."""

    text: str
    given: str = field(repr=False)
    """The text as it was given."""
    key: str | None
    """The key of the original; `None` when nothing was left out."""
    kind: str | None
    """How it was understood, such as `logs`; `None` when it was not looked at."""
    omitted: str
    """What is not shown; empty when nothing was left out."""
    tokens_before: int
    tokens_after: int
    skipped: str | None
    """Why it was left as it is; `None` when it was rewritten."""
    rule: str | None = None
    """The pattern in the policy's `tools` that the tool matches, if one does."""
    notes: tuple[str, ...] = ()
    """What went wrong without stopping the compression."""

    def __rich__(self) -> Screen:
        """Return what `rich` prints in a terminal."""
        from headroom_langchain.display.terminal import Screen

        return Screen(self._view())

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the text before and after."""
        from headroom_langchain.display.html import to_html

        return to_html(self._view())

    def _view(self) -> View:
        from headroom_langchain.display.view import view_of_text

        return view_of_text(self, before=self.given, after=self.text, notes=self.notes)


def _texts(messages: Sequence[BaseMessage | dict[str, Any]]) -> list[str]:
    return [block.text for block in text_blocks(convert_to_messages(messages))]
