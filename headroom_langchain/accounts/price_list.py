"""List prices of some models, for who gives none of their own.

USD per million tokens, standard tier, taken on 2026-11-21: Anthropic's from
https://platform.claude.com/docs/en/about-claude/pricing, OpenAI's from pages that
quote https://developers.openai.com/api/docs/pricing. Cache writes are those that last
five minutes. Models whose price depends on the length of the request are left out, and
so are those whose prices could not be confirmed: no price is better than a wrong one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from headroom_langchain.accounts.prices import ModelPrice

PRICES_TAKEN: Final = "2026-11-21"

_OPUS = ModelPrice(input=5.0, output=25.0, cached_input=0.5, cache_write=6.25)
_OLD_OPUS = ModelPrice(input=15.0, output=75.0, cached_input=1.5, cache_write=18.75)
_SONNET = ModelPrice(input=3.0, output=15.0, cached_input=0.3, cache_write=3.75)

DEFAULT_PRICES: Final[Mapping[str, ModelPrice]] = MappingProxyType(
    {
        "claude-opus-5-5": ModelPrice(
            input=4.0, output=20.0, cached_input=0.2, cache_write=5.0
        ),
        "claude-opus-5": _OPUS,
        "claude-opus-4-[5678]": _OPUS,
        "claude-opus-4-1": _OLD_OPUS,
        "claude-opus-4": _OLD_OPUS,
        "claude-sonnet-5-5": ModelPrice(
            input=2.0, output=10.0, cached_input=0.1, cache_write=2.5
        ),
        "claude-sonnet-5": ModelPrice(
            input=2.0, output=10.0, cached_input=0.2, cache_write=2.5
        ),
        "claude-sonnet-4-[56]": _SONNET,
        "claude-sonnet-4": _SONNET,
        "claude-haiku-4-5": ModelPrice(
            input=1.0, output=5.0, cached_input=0.1, cache_write=1.25
        ),
        "gpt-5.5": ModelPrice(input=5.0, output=30.0, cached_input=0.5),
        "gpt-5.4": ModelPrice(input=2.5, output=15.0, cached_input=0.25),
        "gpt-5.4-mini": ModelPrice(input=0.75, output=4.5, cached_input=0.075),
        "gpt-5.4-nano": ModelPrice(input=0.2, output=1.25, cached_input=0.02),
        "gpt-5-mini": ModelPrice(input=0.25, output=2.0, cached_input=0.025),
        "gpt-4.1": ModelPrice(input=2.0, output=8.0, cached_input=0.5),
    }
)
"""Prices by the name of the model, without its date."""
