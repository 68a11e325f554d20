"""Who takes part in calls, as users give it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self, TypedDict
from uuid import uuid4

from headroom_langchain.calls.call_config import conversation
from headroom_langchain.lifecycle.events import CallInfo, Surface
from headroom_langchain.lifecycle.extension import (
    Extension,
    checked_extensions,
    discovered,
)
from headroom_langchain.lifecycle.hooks import CompressionHooks, checked_hooks
from headroom_langchain.lifecycle.running import Lifecycle


class TakingPart(TypedDict, total=False):
    """The settings by which users name who takes part, alike on every surface."""

    extensions: Sequence[Extension]
    """Who is told of every stage of a call, in this order, and may change some of
    it."""
    hooks: CompressionHooks | None
    """What is asked before, during and after messages are compressed."""
    discover: bool
    """Whether the extensions of installed packages are told, too, after the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Participants:
    """Who takes part in calls."""

    extensions: tuple[Extension, ...] = ()
    """In the order in which they are told."""
    hooks: CompressionHooks | None = None

    @classmethod
    def of(
        cls,
        *,
        extensions: Sequence[Extension] = (),
        hooks: CompressionHooks | None = None,
        discover: bool = False,
    ) -> Self:
        """Check who is given, and add who is found.

        Args:
            extensions: Extensions, in the order in which they are told.
            hooks: Hooks, or `None`.
            discover: Whether installed extensions are told after them.

        Raises:
            ConfigurationError: Something given is no extension, or no hooks.
        """
        given = checked_extensions(extensions)
        return cls(
            extensions=(*given, *discovered()) if discover else given,
            hooks=checked_hooks(hooks),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of their classes."""
        hooks = () if self.hooks is None else (self.hooks,)
        return tuple(type(one).__qualname__ for one in (*self.extensions, *hooks))

    def begin(
        self, surface: Surface, namespace: str, *, fixed: bool = False
    ) -> Lifecycle:
        """Begin a call.

        Args:
            surface: Where it comes in.
            namespace: Its tenant.
            fixed: Whether its messages must stay as many as they are.
        """
        if not self.extensions and self.hooks is None:
            return _UNATTENDED
        call = CallInfo(
            id=uuid4().hex,
            namespace=namespace,
            conversation=conversation(),
            surface=surface,
        )
        return Lifecycle(
            call=call, extensions=self.extensions, hooks=self.hooks, fixed=fixed
        )


NOBODY: Final = Participants()
"""What holds when nobody is given."""

_UNATTENDED: Final = Lifecycle(
    call=CallInfo(id="", namespace="", conversation=None, surface="model"),
    extensions=(),
    hooks=None,
    fixed=False,
)
"""The lifecycle of every call in which nobody takes part: nothing is noted in it."""
