"""What an extension is, and how installed ones are found."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol, runtime_checkable

from pydantic import BeforeValidator, SkipValidation

from headroom_langchain.errors import ConfigurationError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from headroom_langchain.lifecycle.events import PipelineEvent

GROUP: Final = "headroom_langchain.extension"
"""The group of entry points that name extensions."""

_log = logging.getLogger(__name__)


@runtime_checkable
class Extension(Protocol):
    """Sees every stage of a call, and may change some of it.

    An extension may also have `async def aon_pipeline_event(self, event)`, which is
    awaited in asynchronous calls instead. Without it the method below is called
    there, too, so it must not block.

    And it may have `def on_call_ended(self, call, report, error)`, which is told once
    how a call ended: its `CallInfo`, its `CallReport`, and what it failed with, or
    `None`. A caller that left is a `GeneratorExit` or a `CancelledError`.
    """

    def on_pipeline_event(self, event: PipelineEvent) -> PipelineEvent | None:
        """Take notice of a stage.

        Args:
            event: What happens; one of the classes in `headroom_langchain.lifecycle`.

        Returns:
            `None`, or a changed event made with `dataclasses.replace`. Only what is
            named in its `changeable` counts; any other change is noted and ignored.
        """
        ...


def discover() -> tuple[Extension, ...]:
    """Load the extensions of installed packages, in the order of their names.

    They are entry points in the group `headroom_langchain.extension`. Each names an
    extension, or a class or function that returns one. One that cannot be loaded is
    left out, with a warning in the log.

    Example:
        ```toml
        [project.entry-points."headroom_langchain.extension"]
        redact = "my_package:RedactingExtension"
        ```
    """
    from importlib.metadata import entry_points

    found = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    loaded = [_loaded(entry) for entry in found]
    return tuple(extension for extension in loaded if extension is not None)


discovered = lru_cache(maxsize=1)(discover)
"""What `discover` returned first: the same extensions for the whole process."""


def checked_extensions(given: object) -> tuple[Extension, ...]:
    """Return extensions as they were given, if that is what they are.

    Raises:
        ConfigurationError: `given` is no list, or an entry has no method for events.
    """
    if isinstance(given, str) or not isinstance(given, Iterable):
        msg = f"extensions={given!r} is no list; write extensions=[MyExtension()]."
        raise ConfigurationError(msg)
    return tuple(_checked(entry) for entry in given)


Extensions = Annotated[
    tuple[SkipValidation[Extension], ...], BeforeValidator(checked_extensions)
]
"""Extensions as a field of a model."""


def _checked(entry: Any) -> Extension:
    if isinstance(entry, type):
        msg = f"{entry!r} is a class; give an instance, such as {entry.__name__}()."
        raise ConfigurationError(msg)
    told = getattr(entry, "on_pipeline_event", None)
    if inspect.iscoroutinefunction(told):
        msg = f"{entry!r}: an `async def` must be named `aon_pipeline_event`."
        raise ConfigurationError(msg)
    if not callable(told) and not callable(getattr(entry, "aon_pipeline_event", None)):
        msg = f"{entry!r} is no extension: it has no method `on_pipeline_event(event)`."
        raise ConfigurationError(msg)
    extension: Extension = entry
    return extension


def _loaded(entry: EntryPoint) -> Extension | None:
    try:
        named = entry.load()
        makes = isinstance(named, type) or not hasattr(named, "on_pipeline_event")
        return _checked(named() if makes and callable(named) else named)
    except Exception as error:  # noqa: BLE001 - other people's packages must not stop a call
        _log.warning(
            "Extension %s (%s) was not loaded: %s: %s",
            entry.name,
            entry.value,
            type(error).__name__,
            error,
        )
        return None
