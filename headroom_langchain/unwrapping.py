"""What users give as the inner model, resolved to a chat model."""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableBinding

from headroom_langchain.errors import ConfigurationError

_TAKEN = ("callbacks", "metadata", "tags")
"""Parts of a binding's configuration that a chat model has fields for."""


def unwrapped(
    fields: dict[str, Any], *, wrapper: type[BaseChatModel]
) -> dict[str, Any]:
    """Resolve the field `inner` to a chat model.

    Args:
        fields: What a wrapper is made from: `inner` is a chat model, a wrapper, a
            binding of one, or the name of a model.
        wrapper: The class of wrappers.

    Returns:
        The fields, with arguments bound to the model as `inner_arguments`.

    Raises:
        ConfigurationError: `inner` is none of these.
        ImportError: It is a name, and langchain is not installed.
    """
    inner = fields.get("inner")
    if isinstance(inner, str):
        return {**fields, "inner": _named(inner)}
    if isinstance(inner, RunnableBinding):
        return unwrapped(_unbound(inner, fields), wrapper=wrapper)
    if isinstance(inner, wrapper):
        # Wrapping twice is wrapping once; what the outer one names counts.
        own = {name: getattr(inner, name) for name in ("inner", "store", "policy")}
        bound = {**inner.inner_arguments, **fields.get("inner_arguments", {})}  # type: ignore[attr-defined] # a field of every wrapper
        return {**own, **fields, "inner": own["inner"], "inner_arguments": bound}
    if not isinstance(inner, BaseChatModel):
        msg = (
            f"{inner!r} is no chat model. Give a BaseChatModel, one with bound "
            'arguments, or a name such as "openai:gpt-5"; apply `with_retry`, '
            "`with_fallbacks` and configurable alternatives around "
            "HeadroomChatModel, not inside it."
        )
        raise ConfigurationError(msg)
    return fields


def _unbound(
    binding: RunnableBinding[Any, Any], fields: dict[str, Any]
) -> dict[str, Any]:
    """Take a binding apart: what it binds, its arguments, its configuration."""
    bound = {**binding.kwargs, **fields.get("inner_arguments", {})}
    config = {name: binding.config[name] for name in _TAKEN if binding.config.get(name)}  # type: ignore[literal-required] # names of its keys
    return {**config, **fields, "inner": binding.bound, "inner_arguments": bound}


def _named(name: str) -> BaseChatModel:
    try:
        from langchain.chat_models import init_chat_model
    except ImportError as error:
        msg = (
            f"HeadroomChatModel({name!r}) needs langchain: "
            "pip install headroom-langchain[models]"
        )
        raise ImportError(msg) from error
    model = init_chat_model(name)
    if not isinstance(model, BaseChatModel):
        msg = f"{name!r} names no chat model; give one such as 'openai:gpt-5'."
        raise ConfigurationError(msg)
    return model
