"""What the parts of the demo hand to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headroom_langchain.reports.report import BlockReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a command wrote."""

    name: str
    """What the output is, in a word or two."""
    command: str
    """The command, as a person would write it."""
    raw: bytes
    """Every byte that it wrote."""

    @property
    def text(self) -> str:
        """The output as text; bytes that are no UTF-8 become lone surrogates."""
        return self.raw.decode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpted:
    """An output and what the model is sent of it."""

    output: Output
    block: BlockReport
    text: str
    """What the model is sent, with the marker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The tokens of a call."""

    before: int
    after: int
    retrieved: int
    """What the model asked for."""
    rounds: int
    """How often the model was called."""
    sent: int
    """What it was sent in all rounds together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The SHA-256 of an output as it was written and as it came back."""

    name: str
    size: int
    """Bytes that were written."""
    written: str
    returned: str

    @property
    def equal(self) -> bool:
        """Whether every byte came back."""
        return self.written == self.returned
