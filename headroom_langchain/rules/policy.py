"""The rules of compression and retrieval, as one frozen value.

Every default that decides what happens to a message is a field here, so that
reading this file is reading the behaviour.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_serializer,
    field_validator,
)

from headroom_langchain.errors import ConfigurationError
from headroom_langchain.rules.role import Role
from headroom_langchain.rules.tool_rule import NO_RULE, NO_RULES, ToolRule, ToolRules

_COMPACT: Final = 0.5

CONFIG_PREFIX: Final = "headroom_"
"""Prefix of policy fields in `RunnableConfig["configurable"]`."""

EXACT_TOOLS: Final = (
    "read",
    "read_file",
    "view",
    "write",
    "write_file",
    "edit",
    "edit_file",
    "multiedit",
    "str_replace*",
    "glob",
    "glob_search",
    "grep",
    "grep_search",
    "ls",
    "list_directory",
    "file_search",
)
"""Tools whose output an agent edits from or takes names from, letter by letter."""

STUBS: Final = ("Tool result too large, the result of this tool call ",)
"""How texts begin that stand for a result which an agent has moved to a file."""


class CompressionPolicy(BaseModel):
    """What is compressed, how far, and how the model may ask for the rest.

    Policies are values: frozen, comparable, hashable. Change one with
    `policy.model_copy(update={...})`, or for one call through
    `RunnableConfig["configurable"]` with the field's name behind `headroom_`.

    Example:
        ```python
        policy = CompressionPolicy(trigger=("tokens", 1000), exclude_tools=("sql_*",))
        ```
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    trigger: tuple[Literal["tokens"], int] = ("tokens", 250)
    """A text block with fewer estimated tokens is left alone."""

    roles: frozenset[Role] = frozenset({"tool"})
    """Whose text is compressed. Human, system and assistant text is left alone."""

    exclude_tools: tuple[str, ...] = EXACT_TOOLS
    """Tools whose results are left alone: names, or patterns with `*` and `?`.

    A pattern matches the whole name, upper and lower case alike.
    """

    tools: Mapping[str, ToolRule] = NO_RULES
    """Rules for single tools, by name or pattern as in `exclude_tools`.

    The first pattern that matches counts, so name the special ones first.
    """

    preset: Literal["lossless", "balanced", "compact"] = "balanced"
    """How far texts are compressed.

    `lossless` only rewrites texts so that nothing is missing, and never needs a
    marker. `balanced` shows what an agent most likely needs, `compact` about half
    as much.
    """

    budget: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Scales how many tokens an excerpt may have: 0.5 shows about half as much."""

    retrieval: bool = True
    """Whether the model may ask for originals.

    Without it there is no tool and no marker, and texts are only rewritten
    without loss, unless `lossy` allows more.
    """

    lossy: bool = False
    """With `retrieval=False`: also leave parts out, and say in words which."""

    offer: Literal["auto", "always", "never"] = "auto"
    """When the model is offered `headroom_retrieve`.

    `auto`: in every call that has tools, and from the first marker on in the
    others. `always`: in every call. `never`: not at all, which also means that
    texts are only rewritten without loss.
    """

    when_forced: Literal["excerpt", "original", "retrieve"] = "excerpt"
    """What goes out when the caller demands something that leaves no retrieval.

    That is one tool by name, no tool, or a native answer format without tools.
    `excerpt` keeps the compressed form, so that the cached prefix holds;
    `original` sends everything; `retrieve` lets the model ask for originals first,
    for which such a call has a tool list, and so a cached prefix, of its own.
    """

    replay: Literal["always", "same_turn", "never"] = "always"
    """Whether hidden exchanges of earlier answers are sent again.

    Replaying them keeps the cached prefix. `same_turn` does so until the next
    human message.
    """

    usage: Literal["sum", "last"] = "sum"
    """Which rounds the usage of an answer counts.

    `sum` is what is paid for. `last` is how large the context is now, for code
    that takes it for that, such as middleware that summarises long histories;
    callbacks that count then miss the rounds before. The record of an answer
    has the usage of each round either way.
    """

    max_rounds: int = Field(default=3, ge=0, le=20)
    """How often the model may ask for originals within one call."""

    round_timeout: float = Field(default=120.0, gt=0)
    """Seconds that one round of the model may take after a retrieval.

    A synchronous call notices it when the model next hands over a chunk.
    """

    max_retrieval_tokens: int = Field(default=1000, ge=100)
    """Estimated tokens of one answer of `headroom_retrieve`."""

    max_round_tokens: int = Field(default=3000, ge=100)
    """Estimated tokens of all answers of one round together."""

    max_record_tokens: int = Field(default=16000, ge=0)
    """Estimated tokens of hidden exchanges kept on one message.

    Beyond it the oldest answers are replaced by a sentence that says so.
    """

    @property
    def scale(self) -> float:
        """The factor on what an excerpt may have, by preset and budget."""
        return self.budget * (_COMPACT if self.preset == "compact" else 1.0)

    @field_validator("tools")
    @classmethod
    def _as_value(cls, tools: Mapping[str, ToolRule]) -> ToolRules:
        return ToolRules(tools)

    @field_serializer("tools")
    def _as_dict(self, tools: Mapping[str, ToolRule]) -> dict[str, ToolRule]:
        return dict(tools)

    @field_serializer("roles", when_used="json")
    def _in_order(self, roles: frozenset[Role]) -> list[Role]:
        # What is written is part of cache keys, which processes may share.
        return sorted(roles)

    def model_copy(
        self, *, update: Mapping[str, Any] | None = None, deep: bool = False
    ) -> Self:
        """Copy the policy; what is changed is checked as in a new one.

        Raises:
            ValidationError: A changed field does not exist, or its value not fit.
        """
        if not update:
            return super().model_copy(deep=deep)
        return type(self)(**{**dict(self), **update})

    def excludes(self, tool: str) -> bool:
        """Tell whether the results of a tool are left alone."""
        compress = self.rule_for(tool)[1].compress
        if compress is None:
            return _match(tool.casefold(), self.exclude_tools) is not None
        return not compress

    def rule_for(self, tool: str) -> tuple[str | None, ToolRule]:
        """Return the rule for a tool, and the pattern it stands under.

        A tool that no pattern matches has a rule that changes nothing, under `None`.
        """
        pattern = _match(tool.casefold(), tuple(self.tools))
        return pattern, NO_RULE if pattern is None else self.tools[pattern]

    def with_overrides(self, configurable: Mapping[str, Any]) -> Self:
        """Return the policy with the fields that a call's configuration names.

        Args:
            configurable: The `configurable` part of a `RunnableConfig`; only keys
                that start with `headroom_` are read.

        Raises:
            ConfigurationError: A key names no field, or a value does not fit.
        """
        fields = type(self).model_fields
        changes: dict[str, Any] = {}
        for key, value in configurable.items():
            name = key.removeprefix(CONFIG_PREFIX)
            if name in (key, "namespace"):
                continue
            if name not in fields:
                known = ", ".join(CONFIG_PREFIX + field for field in fields)
                msg = f"{key!r} is no setting of a call. Known settings: {known}."
                raise ConfigurationError(msg)
            changes[name] = value
        if not changes:
            return self
        try:
            return type(self)(**{**dict(self), **changes})
        except ValidationError as error:
            msg = f"The settings {changes!r} of this call do not fit: {error}"
            raise ConfigurationError(msg) from error


def check_policy(policy: object) -> None:
    """Refuse what is given for a policy and is none.

    Args:
        policy: What was given; `None` stands for the defaults.

    Raises:
        ConfigurationError: It is no `CompressionPolicy`.
    """
    if policy is None or isinstance(policy, CompressionPolicy):
        return
    msg = f"policy={policy!r} is no CompressionPolicy: write CompressionPolicy(...)"
    raise ConfigurationError(msg)


@lru_cache(maxsize=1024)
def _match(name: str, patterns: tuple[str, ...]) -> str | None:
    """Return the first pattern that matches a folded name."""
    found = (one for one in patterns if fnmatchcase(name, one.casefold()))
    return next(found, None)
