"""Which compressors there are, and which of them a text belongs to.

The compressor that takes a text for its own with the greatest likeness reads it;
if it cannot after all, the next one does. `PlainText` reads any text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from heapq import heappop, heappush
from importlib.metadata import entry_points
from typing import Final

from headroom_langchain.compression.code.compressor import SourceCode
from headroom_langchain.compression.config.compressor import Config
from headroom_langchain.compression.diffs.compressor import Diffs
from headroom_langchain.compression.excerpt import (
    Compressor,
    Excerpt,
    Interest,
    Reading,
)
from headroom_langchain.compression.json.likeness import looks_like_json
from headroom_langchain.compression.json.mixed import MixedJson
from headroom_langchain.compression.json.records import JsonRecords
from headroom_langchain.compression.json.tree import NestedJson
from headroom_langchain.compression.logs.compressor import Logs
from headroom_langchain.compression.markup.html import Html
from headroom_langchain.compression.markup.xml import Xml
from headroom_langchain.compression.prose.markdown import Markdown
from headroom_langchain.compression.prose.text import PlainText
from headroom_langchain.compression.sample import Sample
from headroom_langchain.compression.search.compressor import SearchResults
from headroom_langchain.compression.search.listings import Listings
from headroom_langchain.compression.tables.compressor import Tables
from headroom_langchain.errors import ConfigurationError

ENTRY_POINTS: Final = "headroom_langchain.compressors"
"""The group of entry points under which packages offer compressors."""


def excerpt_inside(text: str, *, budget: int, interest: Interest) -> Excerpt:
    """Excerpt a text that stands inside another one, whatever kind it is.

    Args:
        text: The text.
        budget: Estimated tokens that the excerpt should not exceed by much.
        interest: What the agent was looking for.
    """
    found = read(text, Sample.of(text))
    if found is None:
        return Excerpt(text=text, omitted="")
    return found[1].excerpt(budget=budget, interest=interest)


_REGISTERED: Final[dict[str, Compressor]] = {
    compressor.kind: compressor
    for compressor in (
        JsonRecords(inside=excerpt_inside),
        NestedJson(inside=excerpt_inside),
        MixedJson(inside=excerpt_inside),
        Logs(),
        Tables(),
        SearchResults(),
        Listings(),
        Diffs(),
        SourceCode(),
        Html(),
        Xml(),
        Config(),
        Markdown(),
        PlainText(),
    )
}

_CEILINGS: Final[Mapping[type[Compressor], float]] = {
    Xml: 0.96,
    Logs: 0.95,
    Diffs: 0.95,
    MixedJson: 0.92,
    JsonRecords: 0.9,
    Html: 0.9,
    Tables: 0.85,
    SearchResults: 0.85,
    Listings: 0.8,
    SourceCode: 0.8,
    NestedJson: 0.8,
    Markdown: 0.75,
    Config: 0.65,
    PlainText: 0.05,
}
"""What the likeness of those of the package never exceeds."""

_JSON: Final = (JsonRecords, NestedJson, MixedJson)
_BESIDE_JSON: Final = 0.7
"""How like a text that begins as JSON may be to anything else, before it is read."""


def registered() -> tuple[Compressor, ...]:
    """Return the compressors, in the order in which they were registered."""
    return tuple(_REGISTERED.values())


def named(kind: str) -> Compressor:
    """Return the compressor of a kind.

    Raises:
        ConfigurationError: None is registered under that name.
    """
    if kind not in _REGISTERED:
        known = ", ".join(_REGISTERED)
        msg = f"kind={kind!r} has no compressor. Known kinds: {known}."
        raise ConfigurationError(msg)
    return _REGISTERED[kind]


def register(compressor: Compressor) -> None:
    """Add a compressor for every text from now on, or replace the one of its kind.

    What a compressor makes of a text must depend on the text and the interest
    alone, or the cached prefix of a conversation breaks. So register before the
    first call; texts that a model has shortened before stay as they are.

    Args:
        compressor: The compressor, of whatever kind.

    Raises:
        ConfigurationError: It has no `kind`, or cannot `read`.
    """
    for name in ("kind", "likeness", "read", "budget"):
        if not hasattr(compressor, name):
            msg = (
                f"{compressor!r} is no compressor: it has no {name!r}. See Compressor."
            )
            raise ConfigurationError(msg)
    _REGISTERED[compressor.kind] = compressor


def discover() -> tuple[str, ...]:
    """Register the compressors that installed packages offer.

    A package offers one in the group `headroom_langchain.compressors`; the entry
    point names a class or a function that returns a `Compressor` when called.

    Returns:
        The kinds that were registered, in the order of the entry points' names.
    """
    found = sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name)
    made = [point.load()() for point in found]
    for compressor in made:
        register(compressor)
    return tuple(compressor.kind for compressor in made)


def read(text: str, sample: Sample) -> tuple[Compressor, Reading] | None:
    """Let the compressor read a text that it most belongs to.

    Args:
        text: The text.
        sample: A glance at it.

    Returns:
        The compressor and its reading; `None` when no compressor reads the text,
        which happens only to an empty one.
    """
    for compressor in _by_likeness(sample):
        if (reading := compressor.read(text, sample)) is not None:
            return compressor, reading
    return None


def _by_likeness(sample: Sample) -> Iterator[Compressor]:
    """Give those a text may belong to, the likeliest first; ask none in vain."""
    json = looks_like_json(sample)
    by_ceiling = sorted(
        (-_ceiling(compressor, json=json), at, compressor)
        for at, compressor in enumerate(registered())
    )
    ranked: list[tuple[float, int, Compressor]] = []
    for ceiling, at, compressor in by_ceiling:
        while ranked and ranked[0][0] < ceiling:
            yield heappop(ranked)[2]
        likeness = compressor.likeness(sample)
        if likeness > 0:
            heappush(ranked, (-likeness, at, compressor))
    while ranked:
        yield heappop(ranked)[2]


def _ceiling(compressor: Compressor, *, json: bool) -> float:
    ceiling = _CEILINGS.get(type(compressor))
    if ceiling is None:
        return 1.0
    if json and not isinstance(compressor, _JSON):
        return min(ceiling, _BESIDE_JSON)
    return ceiling
