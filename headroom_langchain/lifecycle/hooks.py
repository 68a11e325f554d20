"""Hooks: three moments of a compression, as methods of one object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, SkipValidation

from headroom_langchain.errors import ConfigurationError
from headroom_langchain.reports.report import TextSums
from headroom_langchain.rules.bias import Bias

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from headroom_langchain.reports.report import BlockReport

__all__ = ["Bias", "CompressionHooks", "Hooks", "Outgoing", "checked_hooks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing(TextSums):
    """Messages as they go out, and what was decided about their texts."""

    messages: tuple[BaseMessage, ...]
    blocks: tuple[BlockReport, ...]
    """One entry for each text, in order."""


class CompressionHooks:
    """Base class of hooks; each method may be left as it is.

    Hooks are plain methods, in asynchronous calls, too, so they must not block. One
    that raises is noted in the report and passed over.

    Example:
        ```python
        class KeepInvoices(CompressionHooks):
            def compute_biases(self, messages):
                if "invoice" in messages[-1].text:
                    return Bias(protect=True)
                return None
        ```
    """

    def pre_compress(
        self,
        messages: Sequence[BaseMessage],  # noqa: ARG002 - for those who override it
    ) -> Sequence[BaseMessage] | None:
        """Return messages to read and send instead, or `None` to leave them.

        Args:
            messages: What is about to be read. Change a message by copy.
        """
        return None

    def compute_biases(
        self,
        messages: Sequence[BaseMessage],  # noqa: ARG002 - likewise
    ) -> Bias | None:
        """Say how the last one of some messages is treated.

        It is asked for each message with a text that would be looked at. What comes
        after that message is not shown, so that the message is sent alike in every
        later call: decide by nothing else, neither the clock nor a counter.

        Args:
            messages: The conversation up to the message in question, which is last.

        Returns:
            Whether to show more or less of it, or all; `None` for no opinion.
        """
        return None

    def post_compress(self, result: Outgoing) -> None:
        """Look at what was made of the messages.

        Args:
            result: The messages, and the decision about each text.
        """


def checked_hooks(given: object) -> CompressionHooks | None:
    """Return hooks as they were given, if that is what they are.

    Raises:
        ConfigurationError: `given` does not derive from `CompressionHooks`.
    """
    if given is None or isinstance(given, CompressionHooks):
        return given
    msg = f"hooks={given!r} must be an instance of a subclass of CompressionHooks."
    raise ConfigurationError(msg)


Hooks = Annotated[
    SkipValidation[CompressionHooks | None], BeforeValidator(checked_hooks)
]
"""Hooks as a field of a model."""
