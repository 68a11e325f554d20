"""Passages that are found by meaning, beside their words."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings
from trigrams import Trigrams

from headroom_langchain import InMemoryCCRStore, Original, create_retrieve_tool
from headroom_langchain.ccr import embedded
from headroom_langchain.ccr.embedded import EmbeddedPassages
from headroom_langchain.ccr.retrieval.answers import (
    RetrievalAnswer,
    answer,
    parse_request,
)
from headroom_langchain.ccr.retrieval.reading import read_index
from headroom_langchain.ccr.retrieval.reranking import Meaning, Rerank
from headroom_langchain.ccr.retrieval.search import rank
from headroom_langchain.tokens import estimate_tokens

NOTES = [f"note {n}: the weather in region {n % 7} was mild" for n in range(400)]
NOTES[217] = "note 217: the gateway crashed at noon"
LOG = Original.of("\n".join(NOTES))


def ask(
    original: Original, query: str, rerank: Rerank | None, **arguments: Any
) -> RetrievalAnswer:
    """Return the answer to a query into one original."""
    request = parse_request({"hash": original.key, "query": query, **arguments})
    return answer(request, {original.key: original}, rerank=rerank)


def test_meaning_finds_what_words_do_not() -> None:
    """A synonym finds the passage when no line has the word."""
    assert "gateway" not in ask(LOG, "outage", None).text
    told = ask(LOG, "outage", EmbeddedPassages(Trigrams()))
    assert told.found
    assert "218: note 217: the gateway crashed" in told.text
    assert "Nothing in" in told.text
    assert "Nearest in meaning" in told.text
    assert estimate_tokens(told.text) <= 1000


def test_meaning_orders_what_words_find() -> None:
    """Of lines with the same words, those come first that mean what was asked."""
    lines = [f"server {n} says that all is calm" for n in range(40)]
    lines[25] = "server 25 says that all is crashed"
    index = read_index(Original.of("\n".join(lines)))
    found = rank(index, "server outage")
    meaning = Meaning(EmbeddedPassages(Trigrams()))
    ordered = meaning.reordered(index.document, found, "server outage")
    assert [hit.line for hit in found.hits[:3]] == [0, 1, 2]
    assert {hit.line for hit in ordered.hits[:3]} == {24, 25, 26}
    assert sorted(hit.line for hit in ordered.hits) == list(range(40))
    scores = [hit.score for hit in ordered.hits]
    assert scores == sorted(scores, reverse=True)


def test_words_count_beside_meaning() -> None:
    """A line that means a little more does not pass one with all the words."""
    lines = [f"entry {n} is calm" for n in range(40)]
    lines[30] = "alpha beta gamma"
    lines[10] = "alpha"
    index = read_index(Original.of("\n".join(lines)))
    found = rank(index, "alpha beta gamma")
    a_little: Rerank = lambda _, passages: [  # noqa: E731 - a rule, not a function
        0.6 if "beta" not in passage else 0.5 for passage in passages
    ]
    ordered = Meaning(a_little).reordered(index.document, found, "alpha beta gamma")
    assert ordered.hits[0].line == 30


def test_meaning_hides_no_word_that_is_there_once() -> None:
    """The one line with some word of a query stays, whatever else is near to it."""
    calm = "worker lost its connection to the queue"
    lines = [f"{calm} and pauses" if n % 9 else f"{calm} {n}" for n in range(400)]
    lines[171] = "worker ended with E4711"
    original = Original.of("\n".join(lines))
    index = read_index(original)
    found = rank(index, "worker connection queue E4711")
    others: Rerank = lambda _, passages: [  # noqa: E731 - a rule, not a function
        0.0 if "E4711" in passage else 1.0 for passage in passages
    ]
    place = [hit.line for hit in found.hits].index(171)
    ordered = Meaning(others).reordered(index.document, found, "worker connection")
    assert [hit.line for hit in ordered.hits].index(171) <= place
    told = answer(
        parse_request({"hash": original.key, "query": "worker connection queue E4711"}),
        {original.key: original},
        max_tokens=150,
        rerank=others,
    )
    assert "172: worker ended with E4711" in told.text


def test_what_repeats_is_compared_once() -> None:
    """Passages with the same text are one, and the first of them is shown."""
    lines = [*["all is calm"] * 40, "the gateway crashed", *["all is calm"] * 400]
    embeddings = Trigrams()
    original = Original.of("\n".join(lines) * 3)
    told = ask(original, "outage", EmbeddedPassages(embeddings))
    assert len(embeddings.documents[0]) < 10
    assert "41: the gateway crashed" in told.text


def test_named_lines_bound_the_meaning_too() -> None:
    """With lines, nothing outside of them is compared."""
    told = ask(LOG, "outage", EmbeddedPassages(Trigrams()), lines="1-100")
    assert "gateway" not in told.text
    numbers = [row.split(":")[0] for row in told.text.split("\n")[1:]]
    assert all(int(number) <= 110 for number in numbers if number.isdigit())


def test_without_anything_in_common_there_is_an_outline() -> None:
    """Where nothing is near in meaning either, the answer is the outline."""
    told = ask(LOG, "zebra", lambda _, passages: [0.0] * len(passages))
    assert not told.found
    assert "Outline" in told.text
    assert told.notes == ()


def test_equal_likeness_keeps_the_order_of_words() -> None:
    """When all passages mean the same, the order of the search stays."""
    same: Rerank = lambda _, passages: [0.7] * len(passages)  # noqa: E731 - a rule, not a function
    assert ask(LOG, "note 33", same).text == ask(LOG, "note 33", None).text


def test_the_same_vectors_give_the_same_answer() -> None:
    """An answer depends on nothing but the request, the text and the vectors."""
    once, again = (
        ask(LOG, "mild note 12", EmbeddedPassages(DeterministicFakeEmbedding(size=32)))
        for _ in range(2)
    )
    assert once == again
    assert once.notes == ()


def failing(_: str, __: Sequence[str]) -> list[float]:
    msg = "no such model"
    raise ConnectionError(msg)


@pytest.mark.parametrize(
    ("rerank", "why"),
    [
        (failing, "ConnectionError: no such model"),
        (lambda *_: [0.5], "passages got 1 numbers"),
        (lambda _, passages: [float("nan")] * len(passages), "some NaN"),
        (lambda *_: None, "TypeError"),
        (lambda _, passages: ["near"] * len(passages), "ValueError"),
    ],
)
def test_what_fails_leaves_the_order_of_words(rerank: Any, why: str) -> None:
    """Whatever a judge of meaning does wrong costs nothing but a note."""
    told = ask(LOG, "note 33", rerank)
    assert told.text == ask(LOG, "note 33", None).text
    (note,) = told.notes
    assert why in note


class Wrong(Embeddings):
    """Returns whatever it was made with."""

    def __init__(self, documents: Any, query: Any) -> None:
        self._documents, self._query = documents, query

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        made = self._documents
        result: list[list[float]] = made(texts) if callable(made) else made
        return result

    def embed_query(self, text: str) -> list[float]:
        query: list[float] = self._query
        return query


@pytest.mark.parametrize(
    ("documents", "query"),
    [
        ([], [1.0]),
        (None, [1.0]),
        (lambda texts: [[1.0]] * (len(texts) - 1), [1.0]),
        (lambda texts: [[1.0, 0.0]] * len(texts), [1.0]),
        (lambda texts: [[[1.0]]] * len(texts), [1.0]),
        (lambda texts: [[]] * len(texts), []),
        (lambda texts: [["x"]] * len(texts), [1.0]),
        (lambda texts: [[float("inf")]] * len(texts), [1.0]),
        (lambda texts: [[1.0]] * len(texts), None),
    ],
)
def test_vectors_of_the_wrong_shape_are_not_used(documents: Any, query: Any) -> None:
    """Too few vectors, vectors of two lengths or of no numbers leave a note."""
    told = ask(LOG, "note 33", EmbeddedPassages(Wrong(documents, query)))
    assert told.text == ask(LOG, "note 33", None).text
    assert len(told.notes) == 1


def test_a_vector_of_zeros_is_near_to_nothing() -> None:
    """Zeros are no error and change no order."""
    zeros = EmbeddedPassages(Wrong(lambda texts: [[0.0]] * len(texts), [0.0]))
    told = ask(LOG, "note 33", zeros)
    assert told.notes == ()
    assert told.text == ask(LOG, "note 33", None).text


def test_passages_are_embedded_once() -> None:
    """A second query embeds only itself, also by another user of the embeddings."""
    embeddings = Trigrams()
    ask(LOG, "outage", EmbeddedPassages(embeddings))
    ask(LOG, "vehicle", EmbeddedPassages(embeddings))
    assert len(embeddings.documents) == 1
    assert embeddings.queries == ["outage", "vehicle"]


def test_passages_are_few_and_short() -> None:
    """However large a text is, what is embedded of it is bounded."""
    long = Original.of("\n".join(f"{n} {'x' * 5000}" for n in range(3000)))
    embeddings = Trigrams()
    ask(long, "outage", EmbeddedPassages(embeddings))
    (passages,) = embeddings.documents
    assert len(passages) <= 64
    assert max(map(len, passages)) <= 1000


def test_vectors_go_with_their_embeddings() -> None:
    """Vectors do not outlive what made them."""
    embeddings = Trigrams()
    ask(LOG, "outage", EmbeddedPassages(embeddings))
    place = id(embeddings)
    assert place in embedded._remembered
    del embeddings
    gc.collect()
    assert place not in embedded._remembered


def test_lone_surrogates_are_no_obstacle() -> None:
    """What cannot be encoded is replaced before a service would see it."""
    odd = Original.of("\n".join(f"{line} \udc80" for line in NOTES))
    embeddings = Trigrams()
    told = ask(odd, "outage \ud83d", EmbeddedPassages(embeddings))
    assert told.notes == ()
    "".join([*embeddings.documents[0], *embeddings.queries]).encode()


@pytest.mark.parametrize("query", ["/crashed/", "$.a"])
def test_exact_queries_are_not_judged(query: str) -> None:
    """A regular expression and a JSON path mean what they say."""
    told = ask(LOG, query, failing)
    assert told.notes == ()


async def test_the_tool_takes_embeddings() -> None:
    """`create_retrieve_tool` finds by meaning, and not on the event loop."""
    store = InMemoryCCRStore()
    store.put(LOG)
    tool = create_retrieve_tool(store, embeddings=Trigrams())
    arguments = {"hash": LOG.key, "query": "outage"}
    assert "gateway crashed" in tool.invoke(arguments)
    assert await tool.ainvoke(arguments) == tool.invoke(arguments)
