"""A wrapper that is also an instance of the class of the model inside it.

Some code asks `isinstance(model, ChatAnthropic)` before it does what only that
provider knows, such as marking what is to be cached. For such code a class is made
with both as bases: what LangChain asks of a chat model the wrapper answers, and
whatever else the other class has is read from the inner model.
"""

from __future__ import annotations

import inspect
from abc import ABCMeta
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from langchain_core.language_models import BaseChatModel

M = TypeVar("M", bound=BaseChatModel)

_SHORTCUTS = ("_stream_chat_model_events", "_astream_chat_model_events")
"""Methods that langchain-core calls in place of `_stream` where a class has them."""

_ABSENT = object()

if TYPE_CHECKING:
    _Wrapper = BaseChatModel
else:
    _Wrapper = object


def of_same_type(model: M) -> M:
    """Make a wrapper an instance of its inner model's class, too.

    Args:
        model: A wrapper; its field `inner` is a chat model.

    Returns:
        The very same object.
    """
    inner: BaseChatModel = getattr(model, "inner")  # noqa: B009 - a field of every wrapper, unknown to the base class
    # Setting an attribute of a pydantic model is for its fields.
    object.__setattr__(model, "__class__", same_type(type(model), type(inner)))
    return model


def same_type(
    wrapper: type[BaseChatModel], inner: type[BaseChatModel]
) -> type[BaseChatModel]:
    """Return the class that is both a class of wrappers and an inner model's class.

    Args:
        wrapper: A class of wrappers, or one that was made here.
        inner: The class of the inner model.

    Returns:
        A class, the same one for the same arguments.
    """
    plain = wrapper.wrapper_class if issubclass(wrapper, SameType) else wrapper
    return _made(plain, inner)


class SameType(_Wrapper):
    """What the classes made here have of their own."""

    __slots__ = ()

    wrapper_class: ClassVar[type[BaseChatModel]]
    """The class of wrappers that is one of the bases."""

    @classmethod
    def lc_id(cls) -> list[str]:
        """Return the name under which `load` finds the class of wrappers."""
        return cls.wrapper_class.lc_id()

    def to_json(self) -> Any:
        """Return what `dumpd` writes: a plain wrapper that is to change its type."""
        return {**self._plain().to_json(), "name": self.get_name()}

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[BaseChatModel]]:
        """Pickle a plain wrapper: pickle finds no class that was made at run time."""
        return of_same_type, (self._plain(),)

    def __repr_name__(self) -> str:
        """Return the name that `repr` begins with."""
        return type(self).__qualname__

    def _plain(self) -> BaseChatModel:
        plain = self.wrapper_class.__new__(self.wrapper_class)
        plain.__setstate__(self.__getstate__())
        return plain


class _OfInner:
    """An attribute that only the inner model's class has."""

    def __init__(self, name: str, inner: type[BaseChatModel]) -> None:
        self._name = name
        self._inner = inner

    def __get__(self, wrapper: Any, owner: type) -> Any:
        return getattr(self._inner if wrapper is None else wrapper.inner, self._name)


@cache
def _made(wrapper: type[BaseChatModel], inner: type[BaseChatModel]) -> type[Any]:
    attributes: dict[str, Any] = {
        "__module__": wrapper.__module__,
        "__qualname__": f"{wrapper.__qualname__}[{inner.__qualname__}]",
        "wrapper_class": wrapper,
    }
    for cls in inner.__mro__:
        if cls not in wrapper.__mro__:
            for name in vars(cls):
                if not (name.startswith("__") or hasattr(SameType, name)):
                    found = inspect.getattr_static(wrapper, name, _ABSENT)
                    own = _OfInner(name, inner) if found is _ABSENT else found
                    attributes[name] = own
    attributes |= dict.fromkeys(_SHORTCUTS)
    # Pydantic's metaclass would collect the fields and validators of both bases, and
    # demand a second API key. So it is left out: the class validates like the wrapper.
    bases = (SameType, wrapper, inner)
    return ABCMeta.__new__(type(wrapper), inner.__name__, bases, attributes)
