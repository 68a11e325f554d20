"""What a compressor is given and what it gives back.

A compressor knows one kind of text. It reads a text once, and the reading can
be asked for the same information in fewer characters, or for an excerpt that
fits a budget. Compressors know no messages, no store and no marker: whoever
calls them adds the line that says how to ask for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from headroom_langchain.compression.sample import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """What the agent was looking for when the text was produced.

    It stems only from what came before the text, so that the excerpt of a text
    never changes when the conversation goes on.
    """

    arguments: tuple[str, ...] = ()
    """Words from the arguments of the tool call, in their order, lower case."""
    question: tuple[str, ...] = ()
    """Words from the last human message before the call, lower case."""


NOTHING_ASKED = Interest()
"""The interest of a text that came without a call and without a question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A shorter text, and what it leaves out."""

    text: str
    """What is shown. It does not end with a line break."""
    omitted: str
    """What is not shown, in a few words such as `483 of 500 rows`."""
    legible: str | None = None
    """What of the text somebody could read, if not all of it: of a web page, its text.

    Words that only what is hidden has are looked for in it.
    """


class Reading(Protocol):
    """One text, as a compressor understands it."""

    def lossless(self) -> str | None:
        """Return the same information in fewer characters.

        Returns:
            The rewritten text, or `None` when this kind of text has no
            rewriting that keeps everything.
        """
        ...

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        """Choose what to show.

        Args:
            budget: Estimated tokens that the excerpt should not exceed by much; with
                very many failures it may take half as much again.
            interest: What the agent was looking for.
        """
        ...


class Compressor(Protocol):
    """Understands one kind of text."""

    @property
    def kind(self) -> str:
        """The name of the kind, such as `logs`, as reports show it."""
        ...

    def likeness(self, sample: Sample) -> float:
        """Return how much a text looks like one of this kind.

        Args:
            sample: A glance at the text.

        Returns:
            0 for not at all, up to 1. The compressors that are part of this package
            return 0.9 where the form is unmistakable, about 0.6 where most lines
            have it, and 0.01 for a text of any kind.
        """
        ...

    def read(self, text: str, sample: Sample, /) -> Reading | None:
        """Understand a text.

        Args:
            text: The text.
            sample: A glance at it; it knows the tool, and the words of the call.

        Returns:
            The reading, or `None` when the text is not of this kind.
        """
        ...

    def budget(self, tokens: int) -> int:
        """Return how many estimated tokens an excerpt of so long a text may have."""
        ...
