"""What one search finds, and how long it takes: this package and plain ways.

    python -m tests.benchmarks.search [--facts FOLDER]

By default the texts are made on this machine, and what is to be found are words that
occur once, asked for by three words that stand with them: the seeds are fixed. With
`--facts` they are the files of a folder, with a `facts.json` that has for each file
under `buried` objects with a `needle` to be found, a `query` and a `question`.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import fmean, median

from real_outputs import OUTPUTS

from headroom_langchain.exact_tokens import exact_counter
from headroom_langchain.tokens import estimate_tokens

from .searchers import SEARCHERS, Search

_FACTS = 30
_FEWEST = 4
_REACH = 1000
_WORD = re.compile(r"\w[\w.:/-]*\w")
_LARGE = 400_000
_QUERIES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something to be found, and what an agent would ask, by the name of the way."""

    needle: str
    asked: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text, and what is to be found in it."""

    kind: str
    text: str
    facts: tuple[Fact, ...]


def main() -> None:
    """Print a table of what is found, and one of what it takes."""
    options = _options()
    count = exact_counter() or estimate_tokens
    texts = list(_labelled(Path(options.facts)) if options.facts else _made())
    facts = [fact for text in texts for fact in text.facts]
    ways = list(dict.fromkeys(way for fact in facts for way in fact.asked))
    print(f"{len(texts)} texts, {len(facts)} facts\n")
    print("| |" + "".join(f" {way} |" for way in ways) + " tokens |")
    print("|---|" + "--:|" * (len(ways) + 1))
    for system, make in SEARCHERS.items():
        searches = [make(text.text) for text in texts]
        sizes: list[int] = []
        cells = [_share(texts, searches, way, count, sizes) for way in ways]
        found = "".join(f" {share:.1%} |" for share in cells)
        print(f"| {system} |{found} {fmean(sizes):.0f} |")
    print("\n| 400 KB | first answer, ms | later answers, ms |\n|---|--:|--:|")
    large = [Text(kind=t.kind, text=_grown(t.text), facts=t.facts) for t in texts]
    for system, make in SEARCHERS.items():
        first, later = _times(large, make)
        print(f"| {system} | {first:.0f} | {later:.1f} |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", metavar="FOLDER")
    return parser.parse_args()


def _made() -> Iterator[Text]:
    for kind, make in OUTPUTS.items():
        text = make()
        random = Random(kind)  # noqa: S311 - which words are asked for is no secret
        times = Counter(match[0] for match in _WORD.finditer(text))
        once = [match for match in _WORD.finditer(text) if _may_be_asked(match, times)]
        chosen = random.sample(once, min(_FACTS, len(once)))
        asked = [_asked(text, match, times, random) for match in chosen]
        facts = tuple(fact for fact in asked if fact is not None)
        yield Text(kind=kind, text=text, facts=facts)


def _may_be_asked(match: re.Match[str], times: Counter[str]) -> bool:
    return times[match[0]] == 1 and 4 <= len(match[0]) <= 40


def _asked(
    text: str, match: re.Match[str], times: Counter[str], random: Random
) -> Fact | None:
    """Ask for a word by the rarest word that stands with it and two others."""
    found = (_with(text, match, lines) for lines in range(3))
    near = next((words for words in found if len(words) >= _FEWEST), None)
    if near is None:
        return None
    rarest = min(near, key=lambda word: times[word])
    others = random.sample([word for word in near if word != rarest], 2)
    asked = {"three words": " ".join([rarest, *others]), "two": " ".join(others)}
    return Fact(needle=match[0], asked=asked)


def _with(text: str, match: re.Match[str], lines: int) -> list[str]:
    """Return the words of the same object, and of so many lines around."""
    before = text[: match.start()][-_REACH:].rpartition("{")[2].split("\n")
    after = text[match.end() :][:_REACH].partition("}")[0].split("\n")
    near = "\n".join([*before[-1 - lines :], " ", *after[: lines + 1]])
    words = _WORD.findall(near)
    return list(dict.fromkeys(word for word in words if word not in match[0]))


def _labelled(folder: Path) -> Iterator[Text]:
    labels = json.loads((folder / "facts.json").read_text("utf-8"))
    for name, label in labels.items():
        facts = tuple(
            Fact(needle=fact["needle"], asked=_ways(fact["query"], fact["question"]))
            for fact in label["buried"]
        )
        text = (folder / name).read_text("utf-8", "replace")
        yield Text(kind=label["kind"], text=text, facts=facts)


def _ways(query: str, question: str) -> dict[str, str]:
    half = " ".join(query.split()[::2])
    return {"query": query, "question": question, "every second word": half}


def _share(
    texts: Sequence[Text],
    searches: Sequence[Search],
    way: str,
    count: Callable[[str], int],
    sizes: list[int],
) -> float:
    """Return the share of facts that are found, and note how long the answers are."""
    found: list[bool] = []
    for text, search in zip(texts, searches, strict=True):
        for fact in text.facts:
            if query := fact.asked[way]:
                told = search(query)
                sizes.append(count(told))
                found.append(fact.needle in told)
    return fmean(found)


def _grown(text: str) -> str:
    """Repeat a text up to 400 KB."""
    return "\n".join([text] * max(1, _LARGE // len(text)))[:_LARGE]


def _times(texts: Sequence[Text], make: Callable[[str], Search]) -> tuple[float, float]:
    """Return the median ms of the first answer, index included, and of later ones."""
    first: list[float] = []
    later: list[float] = []
    for text in texts:
        queries = [next(iter(fact.asked.values())) for fact in text.facts][:_QUERIES]
        start = time.perf_counter()
        search = make(text.text)
        for at, query in enumerate(queries):
            search(query)
            end = time.perf_counter()
            (later if at else first).append(1000 * (end - start))
            start = end
    return median(first), median(later)


if __name__ == "__main__":
    main()
