"""Each original is read once in a process, whoever asks."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from langchain_core.messages import ToolMessage

from headroom_langchain import HeadroomChatModel, InMemoryCCRStore
from headroom_langchain.ccr.retrieval import counts
from headroom_langchain.ccr.retrieval.index import Index
from headroom_langchain.ccr.retrieval.reading import INDEXES, RememberedIndexes
from headroom_langchain.ccr.retrieval.search import rank
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.ccr.tool import create_retrieve_tool
from headroom_langchain.structure import passages
from headroom_langchain.testing import ScriptedChatModel, ask_for_original
from headroom_langchain.testing.turns import TurnLike

THREADS = 8
ROWS = [{"id": n, "name": f"host{n}", "free": n * 7} for n in range(4000)]
LARGE = Original.of(json.dumps(ROWS, indent=1))


class Work:
    """What was read and counted, by the real functions."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read: list[str] = []
        self.counted = 0
        self.fails = False
        read_document, count = passages.read_document, counts.Counts.__init__

        def reading(text: str) -> passages.Document:
            self.read.append(text)
            if self.fails:
                msg = "cannot be read"
                raise RuntimeError(msg)
            return read_document(text)

        def counting(new: counts.Counts, document: passages.Document) -> None:
            self.counted += 1
            count(new, document)

        monkeypatch.setattr(passages, "read_document", reading)
        monkeypatch.setattr(counts.Counts, "__init__", counting)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    """Notes what is read; nothing is remembered from before, or for afterwards."""
    INDEXES.forget()
    yield Work(monkeypatch)
    INDEXES.forget()


def at_once(call: Callable[[], Index]) -> list[Index]:
    """Call from eight threads that start together."""
    together = threading.Barrier(THREADS)

    def one() -> Index:
        together.wait()
        return call()

    with ThreadPoolExecutor(THREADS) as pool:
        running = [pool.submit(one) for _ in range(THREADS)]
        return [future.result() for future in running]


def test_threads_that_ask_at_once_read_once(work: Work) -> None:
    """One of eight threads reads and counts, all get the same index."""

    def search() -> Index:
        index = INDEXES(LARGE)
        assert rank(index, "host1234 free").hits
        return index

    found = at_once(search)
    assert all(index is found[0] for index in found)
    assert (len(work.read), work.counted) == (1, 1)


def test_threads_that_wait_for_what_fails_try_themselves(work: Work) -> None:
    """When reading fails, every thread that asked is told so."""
    nothing = passages.read_document("")
    work.fails = True

    def read() -> Index:
        with pytest.raises(RuntimeError, match="cannot be read"):
            INDEXES(LARGE)
        return Index(nothing)

    assert len(at_once(read)) == THREADS


def test_models_and_tools_share_what_was_read(work: Work) -> None:
    """Two models and two tools that are asked about one original read it once."""
    asking = [ToolMessage(LARGE.content, tool_call_id="c", name="run")]
    for _ in range(2):
        turns: list[TurnLike] = ["Fine.", ask_for_original("host1234 free"), "Done."]
        model = HeadroomChatModel(ScriptedChatModel(turns=turns))
        model.invoke(asking)
        assert model.invoke(asking).text == "Done."
    store = InMemoryCCRStore()
    store.put(LARGE)
    for _ in range(2):
        told = create_retrieve_tool(store).invoke(
            {"hash": LARGE.key, "query": "host1234 free"}
        )
        assert "8638" in told
    assert work.read == [LARGE.content]
    assert work.counted == 1


def test_an_error_is_not_remembered(work: Work) -> None:
    """What could not be read is read again when it is asked for again."""
    indexes = RememberedIndexes()
    work.fails = True
    with pytest.raises(RuntimeError, match="cannot be read"):
        indexes(LARGE)
    work.fails = False
    assert indexes(LARGE) is indexes(LARGE)
    assert len(work.read) == 2


def test_what_was_not_asked_for_longest_is_forgotten(work: Work) -> None:
    """The characters of the originals have a limit; the oldest go first."""
    indexes = RememberedIndexes(max_characters=10)
    for content in ("aaaa", "bbbb", "aaaa", "cccc", "aaaa", "bbbb"):
        indexes(Original.of(content))
    assert work.read == ["aaaa", "bbbb", "cccc", "bbbb"]


def test_one_that_is_too_large_is_read_once_while_it_is_asked_for(work: Work) -> None:
    """An original beyond the limit is remembered until another one is asked for."""
    indexes = RememberedIndexes(max_characters=10)
    for content in ("x" * 50, "x" * 50, "small", "small", "x" * 50):
        indexes(Original.of(content))
    assert work.read == ["x" * 50, "small", "x" * 50]


def test_an_index_is_reached_by_its_content_only(work: Work) -> None:
    """Another content under the same key never gets the index of the first."""
    indexes = RememberedIndexes()
    indexes(LARGE)
    other = Original(content="something else", key=LARGE.key)
    assert indexes(other).document.text == "something else"
    assert indexes(LARGE).document.text == LARGE.content
    assert work.read == [LARGE.content, "something else"]
