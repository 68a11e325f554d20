"""Passages compared with a query by the vectors of a LangChain `Embeddings`.

Vectors of passages are remembered for as long as their `Embeddings` lives, up to a
bound, so that a second query into the same text only embeds the query.
"""

from __future__ import annotations

import weakref
from array import array
from collections.abc import Iterable, Sequence
from math import isfinite, sqrt
from operator import mul
from typing import TYPE_CHECKING, Final, TypeAlias

from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.plan.memo import Memo

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

_NUMBERS: Final = 2 * 2**20
"""Numbers of vectors that are remembered for one `Embeddings`: 8 MiB."""

Vector: TypeAlias = "array[float]"
"""A vector of length 1, or of zeros."""

_remembered: dict[int, Memo[Vector]] = {}


class EmbeddedPassages:
    """Tells how near passages are to a query: the cosine of their vectors."""

    def __init__(self, embeddings: Embeddings) -> None:
        """Prepare to compare.

        Args:
            embeddings: Makes the vectors, with its synchronous methods; it is called
                in a worker thread where an event loop would have to wait.
        """
        self._embeddings = embeddings

    def __call__(self, query: str, passages: Sequence[str]) -> list[float]:
        """Return the cosine of each passage with the query.

        Raises:
            ValueError: There are too few vectors, or they do not fit together.
            Exception: Whatever the `Embeddings` raises.
        """
        vectors = self._vectors(list(map(_encodable, passages)))
        asked = _unit(self._embeddings.embed_query(_encodable(query)))
        for vector in vectors:
            if len(vector) != len(asked):
                msg = (
                    f"the query has a vector of {len(asked)} numbers and a passage "
                    f"one of {len(vector)}; embed_query and embed_documents must agree"
                )
                raise ValueError(msg)
        return [sum(map(mul, asked, vector)) for vector in vectors]

    def _vectors(self, passages: Sequence[str]) -> list[Vector]:
        memo = _memo(self._embeddings)
        keys = [content_key(passage) for passage in passages]
        known = {key: vector for key in keys if (vector := memo.get(key)) is not None}
        texts = {
            key: passage
            for key, passage in zip(keys, passages, strict=True)
            if key not in known
        }
        if texts:
            made = self._embeddings.embed_documents(list(texts.values()))
            if len(made) != len(texts):
                msg = f"embed_documents gave {len(made)} vectors for {len(texts)} texts"
                raise ValueError(msg)
            for key, numbers in zip(texts, made, strict=True):
                known[key] = _unit(numbers)
                memo.put(key, known[key], size=len(known[key]))
        return [known[key] for key in keys]


def reranked_by(embeddings: Embeddings | None) -> EmbeddedPassages | None:
    """Return what compares passages by some `Embeddings`, if there is one."""
    return None if embeddings is None else EmbeddedPassages(embeddings)


def _memo(embeddings: Embeddings) -> Memo[Vector]:
    place = id(embeddings)
    memo = _remembered.get(place)
    if memo is None:
        memo = _remembered.setdefault(place, Memo(max_size=_NUMBERS))
        # Another object may get the same id once this one is gone.
        weakref.finalize(embeddings, _remembered.pop, place, None).atexit = False
    return memo


def _unit(numbers: Iterable[float]) -> Vector:
    vector = array("f", numbers)
    if not vector or not all(map(isfinite, vector)):
        msg = f"a vector of {len(vector)} numbers is empty or has one that is no number"
        raise ValueError(msg)
    length = sqrt(sum(map(mul, vector, vector))) or 1.0
    return array("f", (number / length for number in vector))


def _encodable(text: str) -> str:
    """Return a text without lone surrogates, which no service takes."""
    return text.encode("utf-8", "replace").decode()
