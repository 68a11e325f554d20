"""Prose with the words left out that a model finds least worth keeping.

Words stay in their order and in their lines. Numbers, negations, names of things
in programs, headings, code, tables, and sentences that state a warning, a default
or a limit are never left out, whatever the model says.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from headroom_langchain.compression.excerpt import Excerpt, Interest
from headroom_langchain.compression.prose.markdown import Markdown
from headroom_langchain.compression.prose.token_model import TokenModel
from headroom_langchain.compression.sample import Sample
from headroom_langchain.errors import ConfigurationError
from headroom_langchain.structure.statements import Weight, weigh
from headroom_langchain.structure.stems import Lowered
from headroom_langchain.tokens import estimate_tokens

_AHEAD: Final = 0.05
_TITLE: Final = "[prose; words are left out inside the lines]"
_WORD = re.compile(r"\S+")
_SENTENCE_END = re.compile(r"[.!?:;](?=\s|$)|[。\uff01\uff1f]|\n")
_KEPT = re.compile(r"\d|[_`/\\=<>@#$%&|{}\[\]]|::|\w\.\w|\w\(|[a-z][A-Z]|[A-Z]{2}")
_NEGATIONS: Final = frozenset(
    "no not none never nor neither nothing nobody nowhere cannot without unless except"
    " only but however nicht kein keine nie ne pas jamais sans sin nunca non senza"
    " не нет ни".split()
)
_CONTRACTED: Final = ("n't", "n\u2019t")
_PUNCTUATION: Final = ".,;:!?()\"'\u201c\u201d\u2018\u2019*"
_FENCE = re.compile(r"\s*(?:```|~~~)")
_WHOLE_LINE = re.compile(r"\s*(?:#{1,6} |\||={3,}|-{3,}|~{3,})|(?: {4}|\t)\s*\S")
_ITEM = re.compile(r"(?:[-*+•>]+|\d+[.)])$")
_LONGEST_WORD: Final = 1000
_SHORTEST_ASKED: Final = 3


class ProseByModel:
    """Compresses prose with a model, for `register(ProseByModel(...))`."""

    def __init__(
        self,
        path: str | Path,
        *,
        keep: float = 0.5,
        tokenizer: str | Path | None = None,
        model_file: str | None = None,
        download: bool = False,
        window: int = 512,
        overlap: int = 64,
        limit: int = 200_000,
    ) -> None:
        """Say where the model is, and how much to keep.

        The model is loaded at the first text, or by `load`.

        Args:
            path: A folder with `model.onnx` and `tokenizer.json`, or with
                `download` the name of a repository on the Hugging Face hub.
            keep: The share of the tokens that is kept, more than 0 and up to 1.
            tokenizer: Where `tokenizer.json` is, if not in `path`.
            model_file: The file of the model, if it is named otherwise.
            download: Fetch what is not here from the hub, at the first use.
            window: How many tokens the model sees at once.
            overlap: How many of them it has seen in the window before.
            limit: Characters; a longer text is left to other compressors, since
                a model needs seconds for what they do in milliseconds.

        Raises:
            ConfigurationError: A package of the extra `prose` or a file is
                missing, or a number is out of its range.
        """
        if not 0 < keep <= 1:
            msg = f"keep={keep!r} must be more than 0 and at most 1"
            raise ConfigurationError(msg)
        self._keep = keep
        self._limit = limit
        self._documents = Markdown()
        self._model = TokenModel(
            path,
            tokenizer=tokenizer,
            model_file=model_file,
            download=download,
            window=window,
            overlap=overlap,
        )

    @property
    def kind(self) -> str:
        """The name `prose`."""
        return "prose"

    def load(self) -> None:
        """Load the model now, so that a wrong one is found out at once.

        Raises:
            ConfigurationError: The model or its tokenizer cannot be used.
        """
        self._model.load()

    def likeness(self, sample: Sample) -> float:
        """Return a little more than documents have, to be asked before them."""
        likeness = self._documents.likeness(sample)
        return likeness + _AHEAD if likeness else 0.0

    def read(self, text: str, _sample: Sample) -> ProseReading | None:
        """Read a text.

        Returns:
            The reading; `None` for a text without any word, for one that is longer
            than `limit`, and for one with something in it that is no word at all.
        """
        words = text.split() if len(text) <= self._limit else []
        if not words or max(map(len, words)) > _LONGEST_WORD:
            return None
        return ProseReading(text, self._model)

    def budget(self, tokens: int) -> int:
        """Return how many estimated tokens an excerpt of so long a text may have."""
        return max(1, round(self._keep * tokens))


@dataclass(frozen=True, slots=True)
class ProseReading:
    """One text, and the model to judge its words."""

    text: str
    model: TokenModel

    def lossless(self) -> str | None:
        """Return `None`: white space may be part of a text."""
        return None

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        """Leave out the words least worth keeping.

        Args:
            budget: Estimated tokens; words that are never left out may take more.
            interest: What the agent was looking for; its words are kept.

        Raises:
            ConfigurationError: The model or its tokenizer cannot be used.
        """
        words = [found.span() for found in _WORD.finditer(self.text)]
        if estimate_tokens(self.text) <= budget:
            return Excerpt(text=self.text, omitted="")
        kept = self._kept(words, interest)
        self._fill(kept, words, budget)
        hidden = len(words) - sum(kept)
        text = _written(self.text, words, kept)
        return Excerpt(
            text=f"{_TITLE}\n{text}", omitted=f"{hidden:,} of {len(words):,} words"
        )

    def _kept(self, words: list[tuple[int, int]], interest: Interest) -> bytearray:
        """Mark the words that are never left out."""
        asked = [word for word in interest.arguments if len(word) >= _SHORTEST_ASKED]
        kept = bytearray(len(words))
        for at, (start, stop) in enumerate(words):
            word = self.text[start:stop]
            plain = word.strip(_PUNCTUATION).lower()
            kept[at] = (
                _KEPT.search(word) is not None
                or plain in _NEGATIONS
                or plain.endswith(_CONTRACTED)
                or _ITEM.match(word) is not None
                or (bool(asked) and any(one in plain for one in asked))
            )
        starts = [start for start, _ in words]
        for start, stop in _whole_parts(self.text):
            first = bisect_right(starts, start - 1)
            last = bisect_right(starts, stop - 1)
            kept[first:last] = b"\x01" * (last - first)
        return kept

    def _fill(self, kept: bytearray, words: list[tuple[int, int]], budget: int) -> None:
        """Mark further words, the best first, until the budget is spent."""
        rate = estimate_tokens(self.text) / max(1, len(self.text))
        costs = [rate * (stop - start + 1) for start, stop in words]
        spent = sum(cost for cost, known in zip(costs, kept, strict=True) if known)
        worth = self._worth(words)
        for at in sorted(range(len(words)), key=lambda at: (-worth[at], at)):
            if not kept[at] and spent + costs[at] <= budget:
                kept[at] = 1
                spent += costs[at]

    def _worth(self, words: list[tuple[int, int]]) -> list[float]:
        """Score each word by its best token; one without a token comes last."""
        starts = [start for start, _ in words]
        worth = [float("-inf")] * len(words)
        for start, stop, score in self.model.scores(self.text):
            token = self.text[start:stop]
            begin = start + len(token) - len(token.lstrip())
            at = bisect_right(starts, begin) - 1
            if at >= 0 and begin < words[at][1]:
                worth[at] = max(worth[at], score)
        return worth


def _whole_parts(text: str) -> Iterator[tuple[int, int]]:
    """Give the parts of which nothing is left out: lines and sentences."""
    fenced = False
    start = 0
    for line in text.split("\n"):
        stop = start + len(line)
        fence = _FENCE.match(line) is not None
        if fenced or fence or _WHOLE_LINE.match(line):
            yield start, stop
        fenced ^= fence
        start = stop + 1
    ends = [found.end() for found in _SENTENCE_END.finditer(text)]
    borders = [0, *ends, len(text)]
    spans = [pair for pair in pairwise(borders) if pair[0] < pair[1]]
    sentences = [text[start:stop] for start, stop in spans]
    for span, weight in zip(
        spans, weigh(Lowered(sentences), len(sentences)), strict=True
    ):
        if weight >= Weight.LIMIT:
            yield span
    for found in re.finditer(r"`[^`\n]+`", text):
        yield found.span()


def _written(text: str, words: list[tuple[int, int]], kept: bytearray) -> str:
    """Write the words that are kept, in their lines."""
    out: list[str] = []
    before = 0
    for at, (start, stop) in enumerate(words):
        between = text[words[at - 1][1] if at else 0 : start]
        before = max(before, between.count("\n"))
        if not kept[at]:
            continue
        touching = at == 0 or kept[at - 1]
        if touching:
            out.append(between)
        elif before:
            out.append("\n" * min(before, 2) + between.rpartition("\n")[2])
        else:
            out.append(" ")
        out.append(text[start:stop])
        before = 0
    return "".join(out).strip("\n")
