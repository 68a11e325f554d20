"""What is still visible, and what was saved: this package and others, in one run.

    python -m tests.benchmarks.visible [--places N] [--facts FOLDER] [--peer PYTHON]

By default the outputs are made on this machine, and what must be visible is an
anomaly put at a random place of each: the seeds are fixed. With `--facts` they are
the files of a folder, with a `facts.json` that has for each file the `kind` and, under
`salient`, objects with a `needle` that an agent needs to see. `--peer` names an
interpreter that has headroom-ai.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import fmean

from anomalies import INJECTORS
from real_outputs import OUTPUTS

from headroom_langchain import InMemoryCCRStore, compress_text
from headroom_langchain.exact_tokens import exact_counter
from headroom_langchain.tokens import estimate_tokens

from .rivals import eviction, head_and_tail, peer


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One output, and what must be visible of it."""

    kind: str
    text: str
    needles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one of the systems made of all cases."""

    system: str
    texts: tuple[str, ...]
    seconds: float


def main() -> None:
    """Print a table for all outputs together, and one for each kind."""
    options = _options()
    count = exact_counter() or estimate_tokens
    cases = (
        list(_labelled(Path(options.facts)))
        if options.facts
        else list(_injected(options.places))
    )
    results = list(_results(cases, options.peer, count))
    print(f"{len(cases)} outputs, {sum(len(c.needles) for c in cases)} facts\n")
    print("| | saved, mean | facts visible | larger | ms per 1,000 tokens |")
    print("|---|--:|--:|--:|--:|")
    before = [count(case.text) for case in cases]
    for result in results:
        after = [count(text) for text in result.texts]
        saved = fmean(1 - a / b for a, b in zip(after, before, strict=True))
        larger = sum(a > b for a, b in zip(after, before, strict=True))
        speed = 1000 * result.seconds / (sum(before) / 1000)
        seen = _seen(cases, result.texts)
        told = f"{speed:.2f}" if result.seconds else ""
        print(f"| {result.system} | {saved:.1%} | {seen:.1%} | {larger} | {told} |")
    print("\nSaved, and facts visible, by kind:\n")
    print("| |" + "|".join(result.system for result in results) + "|")
    print("|---|" + "--:|" * len(results))
    for kind in dict.fromkeys(case.kind for case in cases):
        places = [at for at, case in enumerate(cases) if case.kind == kind]
        cells = [_cell(cases, before, places, result, count) for result in results]
        print(f"| {kind} |" + "|".join(cells) + "|")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--places", type=int, default=10)
    parser.add_argument("--facts", metavar="FOLDER")
    parser.add_argument("--peer", metavar="PYTHON")
    return parser.parse_args()


def _injected(places: int) -> Iterator[Case]:
    for kind, injectors in INJECTORS.items():
        text = OUTPUTS[kind]()
        for name, inject in injectors.items():
            for place in range(places):
                random = Random(f"{kind} {name} {place}")  # noqa: S311 - a place, no secret
                made = inject(text, random)
                yield Case(kind=kind, text=made.text, needles=(made.needle,))


def _labelled(folder: Path) -> Iterator[Case]:
    labels = json.loads((folder / "facts.json").read_text("utf-8"))
    for name, label in labels.items():
        needles = tuple(fact["needle"] for fact in label["salient"])
        text = (folder / name).read_text("utf-8", "replace")
        yield Case(kind=label["kind"], text=text, needles=needles)


def _results(
    cases: Sequence[Case], python: str | None, count: Callable[[str], int]
) -> Iterator[Result]:
    ours = _timed("headroom-langchain", cases, _ours)
    yield ours
    cut = [
        head_and_tail(case.text, round(len(case.text) * count(text) / count(case.text)))
        for case, text in zip(cases, ours.texts, strict=True)
    ]
    yield Result(system="head and tail, same size", texts=tuple(cut), seconds=0.0)
    with ExitStack() as stack:
        for limit in (None, 1000):
            shown = stack.enter_context(eviction(limit))
            name = "deepagents" if limit is None else f"deepagents from {limit:,}"
            yield _timed(name, cases, shown)
    if python is not None:
        version, texts, seconds = peer(python, [case.text for case in cases])
        system = f"headroom-ai {version}"
        yield Result(system=system, texts=tuple(texts), seconds=seconds)


def _ours(text: str) -> str:
    return compress_text(text, store=InMemoryCCRStore()).text


def _timed(system: str, cases: Sequence[Case], shorten: Callable[[str], str]) -> Result:
    shorten(cases[0].text)
    start = time.perf_counter()
    texts = tuple(shorten(case.text) for case in cases)
    return Result(system=system, texts=texts, seconds=time.perf_counter() - start)


def _seen(cases: Sequence[Case], texts: Sequence[str]) -> float:
    pairs = zip(cases, texts, strict=True)
    return fmean(needle in text for case, text in pairs for needle in case.needles)


def _cell(
    cases: Sequence[Case],
    before: Sequence[int],
    places: Sequence[int],
    result: Result,
    count: Callable[[str], int],
) -> str:
    texts = [result.texts[at] for at in places]
    sizes = [before[at] for at in places]
    saved = fmean(1 - count(t) / b for t, b in zip(texts, sizes, strict=True))
    return f" {saved:.0%}, {_seen([cases[at] for at in places], texts):.0%} "


if __name__ == "__main__":
    main()
