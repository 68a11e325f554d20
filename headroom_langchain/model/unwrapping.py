"""What users give as the inner model, resolved to a chat model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableBinding, RunnableConfig
from langchain_core.runnables.config import merge_configs

from headroom_langchain.errors import ConfigurationError, NotAChatModelError

_TAKEN = ("callbacks", "metadata", "tags")
"""Parts of a binding's configuration that a chat model has fields for."""

_REMEDIES = {
    "RunnableRetry": "HeadroomChatModel(llm).with_retry()",
    "RunnableWithFallbacks": (
        "HeadroomChatModel(llm).with_fallbacks([HeadroomChatModel(other)])"
    ),
    "RunnableConfigurableFields": (
        "HeadroomChatModel(llm).configurable_fields(policy=...)"
    ),
    "RunnableConfigurableAlternatives": (
        "HeadroomChatModel(llm).configurable_alternatives(..., "
        "other=HeadroomChatModel(other))"
    ),
    "_ConfigurableModel": (
        "HeadroomChatModel(init_chat_model(name)).configurable_alternatives(..., "
        "other=HeadroomChatModel(init_chat_model(other)))"
    ),
}
"""How to write it when what was given does something around a chat model."""


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
        NotAChatModelError: `inner` is none of these.
        ImportError: It is a name, and langchain is not installed.
    """
    inner = fields.get("inner")
    if isinstance(inner, str):
        return {**fields, "inner": _named(inner)}
    if isinstance(inner, RunnableBinding):
        return unwrapped(_unbound(inner, fields), wrapper=wrapper)
    if isinstance(inner, wrapper):
        # Wrapping twice is wrapping once; what the outer one names counts.
        own = {name: getattr(inner, name) for name in type(inner).model_fields}
        bound = {**own["inner_arguments"], **fields.get("inner_arguments", {})}
        return {**own, **fields, "inner": own["inner"], "inner_arguments": bound}
    if not isinstance(inner, BaseChatModel):
        raise NotAChatModelError(_refused(inner))
    return fields


def refuse_unknown(
    fields: Mapping[str, Any], *, of: Sequence[type[BaseChatModel]]
) -> None:
    """Refuse fields that no model has, such as misspelt ones.

    Args:
        fields: What a wrapper is made from.
        of: The wrapper and the inner model. What only the inner one takes is of no
            effect on the wrapper, as langchain-core gives every model some of that.

    Raises:
        ConfigurationError: A field is unknown to all of them.
    """
    known: set[str | None] = set()
    for model in of:
        known.update(model.model_fields)
        known.update(field.alias for field in model.model_fields.values())
    if unknown := [name for name in fields if name not in known]:
        own = ", ".join(of[0].model_fields)
        msg = f"HeadroomChatModel has no field {unknown[0]!r}. Its fields: {own}."
        raise ConfigurationError(msg)


def _unbound(
    binding: RunnableBinding[Any, Any], fields: dict[str, Any]
) -> dict[str, Any]:
    """Take a binding apart: what it binds, its arguments, its configuration."""
    if binding.config_factories:
        msg = (
            f"{binding!r} has listeners, which belong around the wrapper: "
            "HeadroomChatModel(llm).with_listeners(...)"
        )
        raise NotAChatModelError(msg)
    bound = {**binding.kwargs, **fields.get("inner_arguments", {})}
    own = {name: getattr(binding.bound, name, None) for name in _TAKEN}
    merged: Any = merge_configs(cast("RunnableConfig", own), binding.config)
    config = {name: merged[name] for name in _TAKEN if merged.get(name)}
    if name := binding.config.get("run_name"):
        config["name"] = name
    return {**config, **fields, "inner": binding.bound, "inner_arguments": bound}


def _refused(inner: object) -> str:
    remedy = _REMEDIES.get(type(inner).__name__)
    return (
        f"{inner!r} is no chat model. Give a BaseChatModel, one with bound "
        'arguments, or a name such as "openai:gpt-5"; apply `with_retry`, '
        "`with_fallbacks` and configurable alternatives around "
        "HeadroomChatModel, not inside it" + (f": {remedy}" if remedy else ".")
    )


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
