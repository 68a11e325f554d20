"""Retrieved documents, made small before they are read.

Each document is shortened with the query as what it is read for, and can be had
back by its hash. A retriever has no conversation, so that its documents may stand
in any prompt: `document_prompts.py` makes one in which a model may ask for more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, Document
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from pydantic import ConfigDict, Field, PrivateAttr, field_validator

from headroom_langchain.accounts.outside import Books
from headroom_langchain.ccr.store.base import (
    DEFAULT_NAMESPACE,
    CCRStore,
    Original,
    check_store,
)
from headroom_langchain.compressing import Job
from headroom_langchain.errors import StoreError
from headroom_langchain.plan.messages import METADATA_KEY
from headroom_langchain.reports.report import BlockReport, CallReport
from headroom_langchain.reports.results import CompressionResult
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.rules.terms import Terms

_CALL_ID = "search"
_BEFORE = 2
"""Messages put before the documents: the query, and the call that found them."""


class HeadroomDocumentCompressor(BaseDocumentCompressor):
    """Compresses what a retriever found, for `ContextualCompressionRetriever`.

    As many documents come out as went in, in their order. Those that are small
    stay the very same objects; the others are copies with the same id and metadata,
    in which `headroom` has `key`, `kind`, `omitted`, `tokens_before` and
    `tokens_after`.

    Example:
        ```python
        store = InMemoryCCRStore()
        retriever = ContextualCompressionRetriever(
            base_compressor=HeadroomDocumentCompressor(store=store),
            base_retriever=vectors.as_retriever(),
        )
        chain = (
            {"context": retriever, "question": RunnablePassthrough()}
            | prompt_with_documents(prompt)
            | HeadroomChatModel(llm, store=store)
        )
        ```
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    policy: CompressionPolicy = Field(default_factory=CompressionPolicy)
    """The rules. Documents count as results of a tool, by the name in `tool`."""
    store: CCRStore | None = Field(default=None, exclude=True, repr=False)
    """Where originals go. Without one nothing is left out."""
    namespace: str = DEFAULT_NAMESPACE
    """Separates tenants in the store; a call's `headroom_namespace` names another."""
    tool: str = "retriever"
    """The name by which the rules of the policy know the documents."""

    _report: CallReport | None = PrivateAttr(default=None)

    @field_validator("store", mode="before")
    @classmethod
    def _check_store(cls, store: object) -> object:
        check_store(store)
        return store

    @property
    def report(self) -> CallReport | None:
        """What the last compression did; `message` of a block counts documents."""
        return self._report

    def compress_documents(
        self,
        documents: Sequence[Document],
        query: str,
        callbacks: Callbacks | None = None,
    ) -> Sequence[Document]:
        """Compress documents.

        Args:
            documents: What was found.
            query: What was looked for: lines that are about it are shown first.
            callbacks: Who is told of the run.

        Returns:
            The documents. If the store cannot be written, nothing is left out and
            the report says why.

        Raises:
            ConfigurationError: The call's configuration overrides a setting that
                does not exist, or with a value that does not fit.
        """
        terms, books = self._terms(), Books()
        with books.compression(_config(callbacks)) as tell:
            result = self._job(documents, query, terms).run()
            notes, rewritten = result.notes, self._rewritten(documents, result)
            if self.store is not None and rewritten:
                try:
                    self.store.put_many(rewritten, namespace=terms.namespace)
                except Exception as error:  # noqa: BLE001 - fail open, whatever a store raises
                    notes, rewritten = (_not_kept(error),), []
            tell(_blocks(result), notes)
        self._report = books.ledger.report
        return _compressed(documents, result, rewritten)

    async def acompress_documents(
        self,
        documents: Sequence[Document],
        query: str,
        callbacks: Callbacks | None = None,
    ) -> Sequence[Document]:
        """Compress as `compress_documents` does; much text is read in a thread."""
        terms, books = self._terms(), Books()
        with books.compression(_config(callbacks)) as tell:
            result = await self._job(documents, query, terms).arun()
            notes, rewritten = result.notes, self._rewritten(documents, result)
            if self.store is not None and rewritten:
                try:
                    await self.store.aput_many(rewritten, namespace=terms.namespace)
                except Exception as error:  # noqa: BLE001 - fail open, whatever a store raises
                    notes, rewritten = (_not_kept(error),), []
            tell(_blocks(result), notes)
        self._report = books.ledger.report
        return _compressed(documents, result, rewritten)

    def redeem(self, document: Document) -> Document:
        """Return a document as it was before it was compressed, to the last byte.

        Args:
            document: One that this compressor returned, or a copy of it. One that
                was never compressed is returned as it is.

        Raises:
            StoreError: The original is not kept, or could not be read.
        """
        if METADATA_KEY not in document.metadata:
            return document
        store, key = self._kept(document)
        namespace = self._terms().namespace
        return _redeemed(document, key, store.get(key, namespace=namespace))

    async def aredeem(self, document: Document) -> Document:
        """Return a document as `redeem` does."""
        if METADATA_KEY not in document.metadata:
            return document
        store, key = self._kept(document)
        namespace = self._terms().namespace
        return _redeemed(document, key, await store.aget(key, namespace=namespace))

    def _terms(self) -> Terms:
        return Terms(policy=self.policy, namespace=self.namespace).under(None)

    def _job(
        self, documents: Sequence[Document], query: str, terms: Terms
    ) -> Job[BaseMessage]:
        search = {"name": self.tool, "args": {"query": query}, "id": _CALL_ID}
        found = [
            ToolMessage(document.page_content, tool_call_id=_CALL_ID, name=self.tool)
            for document in documents
        ]
        roles = frozenset({"tool"})
        return Job(
            [HumanMessage(query), AIMessage("", tool_calls=[search]), *found],
            policy=terms.policy.model_copy(update={"roles": roles}),
            store=self.store,
            namespace=terms.namespace,
        )

    def _rewritten(
        self, documents: Sequence[Document], result: CompressionResult[BaseMessage]
    ) -> list[Original]:
        """Return the originals of documents that no marker stands for.

        Nothing is missing in what is shown of them, but it is not the same letters.
        """
        if self.store is None:
            return []
        return [
            Original.of(
                document.page_content, kind=block.kind or "text", tool=self.tool
            )
            for document, block in zip(documents, _blocks(result), strict=True)
            if block.skipped is None and block.key is None
        ]

    def _kept(self, document: Document) -> tuple[CCRStore, str]:
        """Return where an original is, and its key."""
        about = document.metadata[METADATA_KEY]
        key = about.get("key") if isinstance(about, dict) else None
        if self.store is None or not isinstance(key, str):
            msg = (
                f"the original of document {document.id!r} was not kept: compress "
                "with HeadroomDocumentCompressor(store=...), and redeem with the same"
            )
            raise StoreError(msg)
        return self.store, key


def _config(callbacks: Callbacks | None) -> RunnableConfig | None:
    return None if callbacks is None else {"callbacks": callbacks}


def _blocks(result: CompressionResult[BaseMessage]) -> tuple[BlockReport, ...]:
    """Return what was done to each document, in order."""
    return tuple(
        replace(block, message=block.message - _BEFORE)
        for block in result.blocks
        if block.message >= _BEFORE
    )


def _compressed(
    documents: Sequence[Document],
    result: CompressionResult[BaseMessage],
    rewritten: Sequence[Original],
) -> list[Document]:
    """Return the documents as they are now."""
    keys = {original.content: original.key for original in rewritten}
    texts = [str(message.content) for message in result.messages[_BEFORE:]]
    return [
        document
        if block.skipped is not None
        else _changed(
            document, text, block, block.key or keys.get(document.page_content)
        )
        for document, text, block in zip(documents, texts, _blocks(result), strict=True)
    ]


def _changed(
    document: Document, text: str, block: BlockReport, key: str | None
) -> Document:
    about = {
        "key": key,
        "kind": block.kind,
        "omitted": block.omitted,
        "tokens_before": block.tokens_before,
        "tokens_after": block.tokens_after,
    }
    metadata = {**document.metadata, METADATA_KEY: about}
    update = {"page_content": text, "metadata": metadata}
    return document.model_copy(update=update)


def _redeemed(document: Document, key: str, original: Original | None) -> Document:
    if original is None:
        msg = (
            f"the original {key!r} of document {document.id!r} is not in the store any "
            "more: retrieve the document again, or keep originals for longer"
        )
        raise StoreError(msg)
    metadata = {k: v for k, v in document.metadata.items() if k != METADATA_KEY}
    update = {"page_content": original.content, "metadata": metadata}
    return document.model_copy(update=update)


def _not_kept(error: Exception) -> str:
    return f"originals were not kept: {type(error).__name__}: {error}"
