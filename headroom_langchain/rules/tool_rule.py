"""What holds for the results of some tools, other than for the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_serializer, field_validator

from headroom_langchain.compression.excerpt import Compressor
from headroom_langchain.structure.patterns import can_run_away

_PARTS: Final = ("kind", "likeness", "read", "budget")
"""What every compressor has."""


class ToolRule(BaseModel):
    r"""How the results of one tool are treated; what is not named stays as it is.

    Example:
        ```python
        CompressionPolicy(
            tools={
                "sql_*": ToolRule(budget=2.0, keep=(r"\bERROR\b",)),
                "read_file": ToolRule(compress=True, kind="code"),
                "get_config": ToolRule(compress=False),
            }
        )
        ```
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    compress: bool | None = None
    """Whether results are compressed; `None` leaves it to `exclude_tools`."""

    trigger: tuple[Literal["tokens"], int] | None = None
    """A result with fewer estimated tokens is left alone; `None`: the policy's."""

    budget: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Scales how many tokens an excerpt may have, on top of the policy's `budget`."""

    kind: str | None = None
    """The kind of text that the results are, such as `logs`, without looking.

    A result that cannot be read as that is read as what it looks like.
    """

    compressor: Compressor | None = None
    """What reads the results, in place of those that are registered; likewise.

    What it makes of a text must depend on the text and the interest alone. It is
    not written with the policy.
    """

    keep: tuple[str, ...] = ()
    """Regular expressions: each line of a result that one is found in is shown.

    Of JSON it is the object around what was found, of a very long line the place.
    They do not count against the budget; a result that they fill goes out whole.
    """

    @field_validator("compressor", mode="plain")
    @classmethod
    def _check_compressor(cls, compressor: Any) -> Any:
        if compressor is None:
            return None
        for part in _PARTS:
            if not hasattr(compressor, part):
                msg = f"{compressor!r} is no compressor: it has no {part!r}"
                raise ValueError(msg)
        return compressor

    @field_validator("keep")
    @classmethod
    def _check_keep(cls, keep: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in keep:
            try:
                re.compile(pattern)
            except re.error as error:
                msg = f"{pattern!r} is no regular expression: {error}"
                raise ValueError(msg) from error
            if can_run_away(pattern):
                msg = (
                    f"{pattern!r} repeats what is a repeat or a choice itself, as in "
                    "`(a+)+`, which can run for ever; write it without one of them."
                )
                raise ValueError(msg)
        return keep

    @field_serializer("compressor")
    def _named(self, compressor: Compressor | None) -> str | None:
        # Part of cache keys: answers for another compressor must not serve.
        if compressor is None:
            return None
        of = type(compressor)
        return f"{of.__module__}.{of.__qualname__} for {compressor.kind}"


NO_RULE: Final = ToolRule()
"""What holds for a tool that no rule names."""


class ToolRules(Mapping[str, ToolRule]):
    """Rules by the name or pattern of tools: a value, in which the order counts."""

    __slots__ = ("_rules",)

    def __init__(self, rules: Mapping[str, ToolRule]) -> None:
        """Keep a copy of the rules."""
        self._rules = dict(rules)

    def __getitem__(self, pattern: str) -> ToolRule:
        """Return the rule that stands under a pattern."""
        return self._rules[pattern]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the patterns in their order."""
        return iter(self._rules)

    def __len__(self) -> int:
        """Return how many rules there are."""
        return len(self._rules)

    def __eq__(self, other: object) -> bool:
        """Tell whether the rules and their order are the same."""
        if not isinstance(other, ToolRules):
            return NotImplemented
        return [*self.items()] == [*other.items()]

    def __hash__(self) -> int:
        """Return a hash that equal rules share."""
        return hash(tuple(self._rules.items()))

    def __repr__(self) -> str:
        """Write the rules as they were given."""
        return repr(self._rules)


NO_RULES: Final = ToolRules({})
