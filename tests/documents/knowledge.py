"""Documents to retrieve, one of them large, and who finds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_classic.retrievers import ContextualCompressionRetriever
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from headroom_langchain import CCRStore, InMemoryCCRStore
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.documents import HeadroomDocumentCompressor
from headroom_langchain.errors import StoreError

NEEDLE = "worker 3 done in 253 ms"
"""What the large document says and no excerpt shows unasked."""

LOG = "\r\n".join(
    f"2026-03-01 10:{n // 60:02}:{n % 60:02} INFO worker {n % 5} done in {n} ms"
    for n in range(400)
)
TABLE = "[" + ",\n ".join(f'{{"id": {n}, "name": "n{n}"}}' for n in range(60)) + "]"
"""What can be made shorter without loss."""


def documents() -> list[Document]:
    """A small document, a large one, and one that can be rewritten."""
    return [
        Document(page_content="Workers are started by cron.", id="small"),
        Document(page_content=LOG, id="log", metadata={"source": "w.log", "page": 3}),
        Document(page_content=TABLE, id="table", metadata={"source": "t.json"}),
    ]


class Finds(BaseRetriever):
    """A retriever that always finds the same."""

    found: list[Document]

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **_: Any
    ) -> list[Document]:
        return self.found


def retriever(
    store: CCRStore | None, found: Sequence[Document] | None = None, **options: Any
) -> ContextualCompressionRetriever:
    """What finds the documents, compressed."""
    return ContextualCompressionRetriever(
        base_compressor=HeadroomDocumentCompressor(store=store, **options),
        base_retriever=Finds(found=list(found or documents())),
    )


class BrokenStore(InMemoryCCRStore):
    """A store that cannot be written."""

    def put_many(self, originals: Sequence[Original], **_: Any) -> None:
        msg = "the disk is full"
        raise StoreError(msg)
