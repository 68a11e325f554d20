"""Whose protocol a model speaks in the end: what may be handed to it as it came."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any, Final, Literal, TypeAlias

from langchain_core.language_models import BaseChatModel

from headroom_langchain.chat_model import HeadroomChatModel

Family: TypeAlias = Literal["anthropic", "openai", ""]
"""Whose messages, tools and settings a model understands in their own form; empty
for all others, which get the forms of langchain-core."""

_MOST: Final = 32


def innermost(model: BaseChatModel) -> BaseChatModel:
    """Return the model that a `HeadroomChatModel` is around, or the model itself."""
    return model.inner if isinstance(model, HeadroomChatModel) else model


def family(model: BaseChatModel) -> Family:
    """Tell whose forms a model understands."""
    provider = str(model._get_ls_params().get("ls_provider", ""))
    if "anthropic" in provider:
        return "anthropic"
    return "openai" if provider == "azure" or provider.startswith("openai") else ""


def has_setting(model: BaseChatModel, name: str) -> bool:
    """Tell whether a model has a field of that name, or one that goes by it."""
    return name in type(innermost(model)).model_fields


class Variants:
    """A model, and copies of it with other settings.

    The last 32 copies are kept, since what a model remembers goes with it.
    """

    def __init__(self, model: BaseChatModel) -> None:
        """Begin with the model as it is."""
        self.model = model
        self._copies: OrderedDict[str, BaseChatModel] = OrderedDict()

    def of(self, settings: dict[str, Any]) -> BaseChatModel:
        """Return the model with other values for fields of the innermost one."""
        if not settings:
            return self.model
        key = json.dumps(settings, sort_keys=True, default=repr)
        made = self._copies.pop(key, None) or _copy(self.model, settings)
        self._copies[key] = made
        if len(self._copies) > _MOST:
            self._copies.popitem(last=False)
        return made


def _copy(model: BaseChatModel, settings: dict[str, Any]) -> BaseChatModel:
    if isinstance(model, HeadroomChatModel):
        inner = model.inner.model_copy(update=settings)
        return model.model_copy(update={"inner": inner})
    return model.model_copy(update=settings)
