"""Compressors of users, beside those of the package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from real_outputs import OUTPUTS

from headroom_langchain import ConfigurationError, compress_text
from headroom_langchain.ccr.store.memory import InMemoryCCRStore
from headroom_langchain.compression import registry
from headroom_langchain.compression.excerpt import Excerpt, Interest
from headroom_langchain.compression.sample import Sample


@dataclass(frozen=True)
class Verses:
    """A compressor for poems: the first line of each verse."""

    kind: str = "verses"

    def likeness(self, sample: Sample) -> float:
        return 0.95 if sample.tool == "recite" else 0.0

    def read(self, text: str, _sample: Sample) -> VersesReading | None:
        verses = text.split("\n\n")
        return VersesReading(verses) if len(verses) > 1 else None

    def budget(self, tokens: int) -> int:
        return tokens // 3


@dataclass(frozen=True)
class VersesReading:
    """A poem, verse by verse."""

    verses: list[str]

    def lossless(self) -> str | None:
        return None

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        first = [verse.partition("\n")[0] for verse in self.verses]
        return Excerpt(text="\n".join(first), omitted=f"{len(first)} verses in part")


POEM = "\n\n".join(f"verse {n}\nwith one more line\nand another" for n in range(60))


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = dict(registry._REGISTERED)
    yield
    registry._REGISTERED.clear()
    registry._REGISTERED.update(before)


def recited(text: str) -> tuple[str | None, str]:
    done = compress_text(text, tool="recite", store=InMemoryCCRStore())
    return done.kind, done.text


def test_a_registered_compressor_gets_the_texts_it_recognises() -> None:
    """The greatest likeness decides, and the tool's name may be part of it."""
    registry.register(Verses())
    kind, text = recited(POEM)
    assert kind == "verses"
    assert text.startswith("verse 0\nverse 1\n")
    assert "60 verses in part" in text
    assert compress_text(POEM, tool="other", store=InMemoryCCRStore()).kind != "verses"


def test_a_text_that_cannot_be_read_goes_to_the_next_compressor() -> None:
    """A compressor that recognised too much costs nothing."""
    registry.register(Verses())
    kind, _ = recited("one long verse\n" * 300)
    assert kind not in (None, "verses")


def test_a_compressor_that_raises_costs_nothing_either() -> None:
    """The original goes out, and the report says why."""

    @dataclass(frozen=True)
    class Broken(Verses):
        def read(self, text: str, _sample: Sample) -> VersesReading | None:
            msg = "no verse"
            raise RuntimeError(msg)

    registry.register(Broken())
    done = compress_text(POEM, tool="recite", store=InMemoryCCRStore())
    assert done.text == POEM
    assert done.skipped == "failed: RuntimeError: no verse"


def test_what_is_no_compressor_is_refused() -> None:
    """Registering something else says what it lacks."""
    with pytest.raises(ConfigurationError, match="likeness"):
        registry.register(PlainObject())  # type: ignore[arg-type] # that is the point


class PlainObject:
    """Has a kind, and nothing else of a compressor."""

    kind = "odd"


def test_packages_offer_compressors_by_entry_point(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`discover` registers what installed packages name, and only when called."""
    point = EntryPoint("verses", f"{__name__}:Verses", registry.ENTRY_POINTS)

    def found(*, group: str) -> list[EntryPoint]:
        return [point] if group == registry.ENTRY_POINTS else []

    def loaded(_: Any) -> type[Verses]:
        return Verses

    monkeypatch.setattr(registry, "entry_points", found)
    monkeypatch.setattr(EntryPoint, "load", loaded)
    assert recited(POEM)[0] != "verses"
    assert registry.discover() == ("verses",)
    assert recited(POEM)[0] == "verses"


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_likeliest_is_asked_first(name: str) -> None:
    """Compressors that are not asked could not have won, or would be read later."""
    sample = Sample.of(OUTPUTS[name]())
    every = registry.registered()
    likenesses = [(-c.likeness(sample), at) for at, c in enumerate(every)]
    wanted = [every[at] for likeness, at in sorted(likenesses) if likeness < 0]
    assert list(registry._by_likeness(sample)) == wanted
