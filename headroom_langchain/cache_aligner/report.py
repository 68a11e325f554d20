"""What the aligner found, as values and as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headroom_langchain.cache_aligner.comparison import Comparison
from headroom_langchain.cache_aligner.volatile import VolatileToken


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A volatile value where nothing should change."""

    where: str
    """The message or tool, and the path in it."""
    part: Literal["tools", "system"]
    message: int | None
    """The index of the message, when it is in one."""
    tool: str | None
    """The name of the tool, when it is in one."""
    token: VolatileToken

    def __str__(self) -> str:
        """Say in one line what is where, and what to do."""
        token = self.token
        return (
            f"{self.where}, line {token.line}, column {token.column}: "
            f"{token.kind} {token.text!r}. {token.advice}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignmentReport:
    """How well a request can be cached."""

    findings: tuple[Finding, ...] = ()
    """What will change from call to call in tools and system prompt."""
    comparison: Comparison | None = None
    """With the last request of the same conversation; `None` when there was none."""
    conversation: str | None = None

    @property
    def aligned(self) -> bool:
        """Whether nothing was found and the prefix holds."""
        return not self.findings and (self.comparison is None or self.comparison.holds)

    def __str__(self) -> str:
        """Say everything, one finding a line."""
        told = [str(finding) for finding in self.findings] or ["No volatile values."]
        if self.comparison is not None:
            told.append(str(self.comparison))
        return "\n".join(told)
