"""Laws of the book: what calls saved is added up, by tenant and topic."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from headroom_langchain.ccr.store.base import CCRStore, Original
from headroom_langchain.ccr.store.figures import Figures, Line, Topic, summed
from headroom_langchain.testing.store_laws.content import AWKWARD_TEXTS
from headroom_langchain.testing.store_laws.handle import Face
from headroom_langchain.testing.store_laws.law import StoreLaw, Trial, expect, law
from headroom_langchain.testing.store_laws.subject import Capability
from headroom_langchain.testing.store_laws.threads import at_once

_THREADS: Final = 8
_ROUNDS: Final = 25
_ONE: Final = Figures(calls=1, tokens_before=2**40, tokens_net_saved=-3)


@law(Capability.FIGURES)
async def adds_figures_up(trial: Trial) -> None:
    """Figures of one topic are added up, those of different topics are not."""
    topics = [
        Topic(model=text, tool=tool, kind=kind)
        for text in AWKWARD_TEXTS
        for tool, kind in ((text, ""), ("", text), ("tool", "logs"))
    ]
    async with trial.store() as store:
        expect(store.store.keeps_figures, "it says that it keeps none")
        expect(await store.figures() == (), "an empty book has lines")
        for _ in range(3):
            await store.add_figures(dict.fromkeys(topics, _ONE))
        found = summed(await store.figures(), lambda line: line.topic)
    expected = dict.fromkeys(topics, _ONE + _ONE + _ONE)
    expect(found == expected, f"it has {len(found)} topics of {len(expected)}")


@law(Capability.FIGURES)
async def keeps_the_figures_of_namespaces_apart(trial: Trial) -> None:
    """A tenant's figures are in no other tenant's book, and in the book of all."""
    async with trial.store() as store:
        for count, place in enumerate(AWKWARD_TEXTS, start=1):
            await store.add_figures({Topic(): Figures(calls=count)}, namespace=place)
        for count, place in enumerate(AWKWARD_TEXTS, start=1):
            lines = await store.figures(namespace=place)
            told = [(line.namespace, line.figures.calls) for line in lines]
            expect(told == [(place, count)], f"of {place!r} it tells {told}")
        everybody = {_place(line): line for line in await store.figures()}
    expect(everybody.keys() == set(AWKWARD_TEXTS), "some tenants are missing")


@law(Capability.FIGURES, faces=(Face.SYNC,))
async def adds_figures_of_several_threads(trial: Trial) -> None:
    """Threads that add figures at the same time lose nothing."""
    async with trial.store() as store:
        works: list[Callable[[], None]] = [
            partial(_add_often, store.store) for _ in range(_THREADS)
        ]
        await at_once(works, seconds=trial.subject.timeout / 2)
        lines = await store.figures()
    calls = sum(line.figures.calls for line in lines)
    expect(calls == _THREADS * _ROUNDS, f"it counts {calls}")


@law(Capability.FIGURES, Capability.LISTING, Capability.FORGETTING)
async def keeps_figures_of_what_is_forgotten(trial: Trial) -> None:
    """The book stays as it is when originals are swept."""
    async with trial.store() as store:
        await store.put(Original.of("text"))
        await store.add_figures({Topic(): _ONE})
        await store.sweep(max_bytes=0)
        lines = await store.figures()
    expect([line.figures for line in lines] == [_ONE], f"it has {lines!r}")


@law(Capability.FIGURES, Capability.SHARING)
async def shares_figures_with_later_stores(trial: Trial) -> None:
    """Stores of one folder add to one book, at once and one after another."""
    folder = trial.folder()
    async with trial.store(folder) as one, trial.store(folder) as other:
        await one.add_figures({Topic(): _ONE})
        await other.add_figures({Topic(): _ONE})
    async with trial.store(folder) as store:
        await store.add_figures({Topic(): _ONE})
        found = summed(await store.figures(), _place)
    expect(list(found.values()) == [_ONE + _ONE + _ONE], f"it has {found!r}")


def _add_often(store: CCRStore) -> None:
    for _ in range(_ROUNDS):
        store.add_figures({Topic(): Figures(calls=1)})


def _place(line: Line) -> str:
    return line.namespace


LAWS: Final[tuple[StoreLaw, ...]] = (
    adds_figures_up,
    keeps_the_figures_of_namespaces_apart,
    adds_figures_of_several_threads,
    keeps_figures_of_what_is_forgotten,
    shares_figures_with_later_stores,
)
