"""Retrieved documents are compressed, and can be had back by their hash."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from knowledge import LOG, NEEDLE, TABLE, BrokenStore, documents, retriever
from langchain_classic.retrievers.document_compressors import (
    DocumentCompressorPipeline,
)
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import BaseDocumentCompressor, Document
from langchain_core.runnables import Runnable, RunnableLambda

from headroom_langchain import (
    CCRStore,
    CompressionPolicy,
    InMemoryCCRStore,
    compress_text,
)
from headroom_langchain.callbacks import HeadroomCallbackHandler
from headroom_langchain.ccr.marker import marked_keys
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.documents import HeadroomDocumentCompressor
from headroom_langchain.errors import StoreError


async def compressed(
    compressor: HeadroomDocumentCompressor,
    some: list[Document],
    query: str = "workers",
    *,
    asynchronous: bool = False,
) -> list[Document]:
    if asynchronous:
        return list(await compressor.acompress_documents(some, query))
    return list(compressor.compress_documents(some, query))


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_only_large_documents_are_shortened(*, asynchronous: bool) -> None:
    """Order, ids and metadata stay; a small document is the very same object."""
    given = documents()
    compressor = HeadroomDocumentCompressor(store=InMemoryCCRStore())
    found = await compressed(compressor, given, asynchronous=asynchronous)
    assert [document.id for document in found] == ["small", "log", "table"]
    assert found[0] is given[0]
    assert len(found[1].page_content) < len(LOG) / 4
    about = found[1].metadata.pop("headroom")
    assert found[1].metadata == given[1].metadata
    assert "headroom" not in given[1].metadata
    assert about["key"] == content_key(LOG)
    assert marked_keys(found[1].page_content) == [about["key"]]
    assert about["kind"] == "logs"
    assert "lines" in about["omitted"]
    assert about["tokens_after"] < about["tokens_before"] / 4


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_every_document_can_be_redeemed(
    store: CCRStore, *, asynchronous: bool
) -> None:
    """What was shortened or only rewritten comes back to the last byte."""
    given = documents()
    compressor = HeadroomDocumentCompressor(store=store)
    found = await compressed(compressor, given, asynchronous=asynchronous)
    assert found[2].page_content != TABLE
    assert marked_keys(found[2].page_content) == []
    if asynchronous:
        back = [await compressor.aredeem(document) for document in found]
    else:
        back = [compressor.redeem(document) for document in found]
    assert back == given
    assert back[0] is given[0]


@settings(deadline=None, max_examples=25)
@given(
    text=st.text(st.characters(), max_size=200),
    times=st.integers(1, 200),
    cr=st.booleans(),
)
def test_any_document_comes_back(text: str, times: int, *, cr: bool) -> None:
    """Whatever a document says, redeeming what became of it returns it."""
    given = [Document(page_content=(text + ("\r\n" if cr else "\n")) * times)]
    compressor = HeadroomDocumentCompressor(store=InMemoryCCRStore())
    (found,) = compressor.compress_documents(given, "anything")
    assert compressor.redeem(found) == given[0]


def test_lone_surrogates_come_back() -> None:
    """What UTF-8 lacks is kept, too."""
    given = [Document(page_content=LOG + "\ud800\0")]
    compressor = HeadroomDocumentCompressor(store=InMemoryCCRStore())
    (found,) = compressor.compress_documents(given, "?")
    assert found is not given[0]
    assert compressor.redeem(found) == given[0]


def test_the_query_decides_what_is_shown() -> None:
    """Lines that a query is about are in the excerpt, those of others are not."""
    compressor = HeadroomDocumentCompressor(store=InMemoryCCRStore())
    _, asked, _ = compressor.compress_documents(documents(), "253 ms")
    _, other, _ = compressor.compress_documents(documents(), "cron")
    assert NEEDLE in asked.page_content
    assert NEEDLE not in other.page_content


def test_without_a_store_nothing_is_left_out() -> None:
    """Without a store texts are rewritten without loss, or not at all."""
    compressor = HeadroomDocumentCompressor()
    found = compressor.compress_documents(documents(), "workers")
    for before, after in zip(documents(), found, strict=True):
        assert not marked_keys(after.page_content)
        assert after.metadata.get("headroom", {}).get("key") is None
        expected = compress_text(before.page_content, tool="retriever")
        assert after.page_content == expected.text
    with pytest.raises(StoreError, match="store="):
        compressor.redeem(found[2])


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_store_that_fails_costs_a_note(*, asynchronous: bool) -> None:
    """If originals cannot be kept nothing is left out, and the report says why."""
    compressor = HeadroomDocumentCompressor(store=BrokenStore())
    found = await compressed(compressor, documents(), asynchronous=asynchronous)
    assert not any(marked_keys(document.page_content) for document in found)
    assert all(one.metadata.get("headroom", {}).get("key") is None for one in found)
    assert compressor.report is not None
    assert "the disk is full" in compressor.report.notes[0]


def test_the_report_counts_documents() -> None:
    """There is one entry for each document, in order, with its figures."""
    compressor = HeadroomDocumentCompressor(store=InMemoryCCRStore())
    assert compressor.report is None
    found = compressor.compress_documents(documents(), "workers")
    report = compressor.report
    assert report is not None
    assert [block.message for block in report.blocks] == [0, 1, 2]
    assert [block.skipped for block in report.blocks] == ["below trigger", None, None]
    assert (
        report.blocks[1].tokens_after == found[1].metadata["headroom"]["tokens_after"]
    )


def test_compressing_twice_changes_nothing() -> None:
    """Documents that were compressed are the same objects the second time."""
    compressor = HeadroomDocumentCompressor(store=InMemoryCCRStore())
    once = compressor.compress_documents(documents(), "workers")
    twice = compressor.compress_documents(once, "something else")
    assert all(before is after for before, after in zip(once, twice, strict=True))


def test_what_is_not_kept_any_more_is_an_error() -> None:
    """A document whose original the store lost is named in the error."""
    compressor = HeadroomDocumentCompressor(store=InMemoryCCRStore())
    found = compressor.compress_documents(documents(), "workers")
    other = HeadroomDocumentCompressor(store=InMemoryCCRStore())
    with pytest.raises(StoreError, match="'log' is not in the store"):
        other.redeem(found[1])


def test_namespaces_separate_tenants() -> None:
    """A call's namespace decides where originals are, also within a chain."""
    store = InMemoryCCRStore()
    compressor = HeadroomDocumentCompressor(store=store)
    config: Any = {"configurable": {"headroom_namespace": "b"}}
    compress: Runnable[str, Any] = RunnableLambda(
        lambda query: compressor.compress_documents(documents(), query)
    )
    _, found, _ = compress.invoke("workers", config)
    redeem = RunnableLambda(compressor.redeem)
    with pytest.raises(StoreError):
        redeem.invoke(found)
    assert redeem.invoke(found, config).page_content == LOG
    assert store.get(content_key(LOG), namespace="b") is not None
    assert store.get(content_key(LOG)) is None


def test_what_is_no_store_is_refused() -> None:
    """A LangGraph store as it is gives an error that says how to wrap it."""
    nothing: Any = object()
    with pytest.raises(ValueError, match="no CCRStore"):
        HeadroomDocumentCompressor(store=nothing)


def test_the_policy_counts() -> None:
    """Documents follow the rules for the tool that they are said to be of."""
    policy = CompressionPolicy(exclude_tools=("wiki",))
    store = InMemoryCCRStore()
    spared = HeadroomDocumentCompressor(store=store, policy=policy, tool="wiki")
    found = spared.compress_documents(documents(), "workers")
    assert found == documents()
    others = HeadroomDocumentCompressor(store=store, policy=policy)
    assert others.compress_documents(documents(), "workers") != documents()


class Runs(BaseCallbackHandler):
    """Writes down the names of the runs it sees."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def on_chain_start(self, *_: Any, **about: Any) -> None:
        self.names.append(about["name"])


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_callbacks_see_the_run(*, asynchronous: bool) -> None:
    """A compression is a run of its own inside the one of the retriever."""
    runs = Runs()
    finds = retriever(InMemoryCCRStore())
    config: Any = {"callbacks": [runs]}
    if asynchronous:
        found = await finds.ainvoke("workers", config)
    else:
        found = finds.invoke("workers", config)
    assert runs.names == ["headroom_compress"]
    assert [document.id for document in found] == ["small", "log", "table"]


def test_no_documents_are_no_work() -> None:
    """An empty list stays empty."""
    compressor = HeadroomDocumentCompressor(store=InMemoryCCRStore())
    assert list(compressor.compress_documents([], "workers")) == []


def test_copies_keep_the_store() -> None:
    """A copy of a compressor redeems what the compressor shortened."""
    compressor = HeadroomDocumentCompressor(store=InMemoryCCRStore())
    found = compressor.compress_documents(documents(), "workers")
    assert copy.deepcopy(compressor).redeem(found[1]) == documents()[1]


def test_figures_reach_who_observes() -> None:
    """A callback handler counts what documents saved."""
    counts = HeadroomCallbackHandler()
    retriever(InMemoryCCRStore()).invoke("workers", {"callbacks": [counts]})
    assert counts.total.tokens_saved > 0
    assert counts.total.calls == 1


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_it_may_be_one_of_several(*, asynchronous: bool) -> None:
    """In a `DocumentCompressorPipeline` it compresses what the one before left."""
    compressor = HeadroomDocumentCompressor(store=InMemoryCCRStore())
    several = DocumentCompressorPipeline(transformers=[Last(), compressor])
    if asynchronous:
        found = await several.acompress_documents(documents()[:2], "workers")
    else:
        found = several.compress_documents(documents()[:2], "workers")
    (only,) = found
    assert compressor.redeem(only) == documents()[1]
    assert marked_keys(only.page_content) == [content_key(LOG)]


class Last(BaseDocumentCompressor):
    """Keeps the last document."""

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Any = None
    ) -> Sequence[Document]:
        return documents[-1:]
