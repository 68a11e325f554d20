"""The tool `headroom_retrieve`.

Its name, description and arguments stand in the cached prefix of every request
that offers it, so they are fixed.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from headroom_langchain.ccr.embedded import reranked_by
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.ccr.retrieval.answers import answer
from headroom_langchain.ccr.retrieval.reading import INDEXES
from headroom_langchain.ccr.retrieval.request import (
    Refusal,
    RetrievalRequest,
    parse_request,
)
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore, check_store
from headroom_langchain.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langchain_core.embeddings import Embeddings

    from headroom_langchain.ccr.store.base import Original

__all__ = [
    "RETRIEVE_TOOL_DESCRIPTION",
    "RETRIEVE_TOOL_NAME",
    "RetrieveArguments",
    "create_retrieve_tool",
]

RETRIEVE_TOOL_DESCRIPTION: Final = (
    "Return parts of a tool output that was shortened to a [headroom: ...] line. "
    "Without query and lines: its beginning."
)
"""What the model is told about the tool."""

_LEAST_TOKENS: Final = 100


def _not_given() -> None:
    """Return the default of what may be left out.

    As a factory it does not stand in the schema, where the strict mode of OpenAI
    does not accept it.
    """


class RetrieveArguments(BaseModel):
    """The arguments of `headroom_retrieve`."""

    model_config = ConfigDict(extra="forbid")

    hash: str = Field(
        description="Hash from the [headroom: ...] line; several joined by commas."
    )
    query: str | None = Field(
        default_factory=_not_given,
        description="What to find: words, /regex/ or a JSON path ($.a[0].b).",
    )
    lines: str | None = Field(
        default_factory=_not_given, description='Line numbers, as "120-180".'
    )


def create_retrieve_tool(
    store: CCRStore,
    *,
    namespace: str = DEFAULT_NAMESPACE,
    max_tokens: int = 1000,
    embeddings: Embeddings | None = None,
) -> BaseTool:
    """Make the tool that returns originals from a store.

    It answers any hash of its namespace; a chat model that hides the tool answers
    only the hashes that it wrote itself.

    Args:
        store: Where the originals are.
        namespace: Whose originals.
        max_tokens: Estimated tokens of one answer, at least 100.
        embeddings: Finds passages by meaning, beside the words of a query. When it
            fails, words alone decide.

    Returns:
        A tool that never raises for what a model wrote: every call gets an answer.

    Raises:
        ConfigurationError: `max_tokens` is too small for an answer, or `store` is
            no `CCRStore`.
    """
    if max_tokens < _LEAST_TOKENS:
        msg = f"max_tokens={max_tokens!r} is too small for an answer; give 100 or more"
        raise ConfigurationError(msg)

    if store is None:
        msg = "create_retrieve_tool needs the store that holds the originals"
        raise ConfigurationError(msg)
    check_store(store)
    rerank = reranked_by(embeddings)

    def told(
        request: RetrievalRequest | Refusal, originals: Mapping[str, Original]
    ) -> str:
        told = answer(
            request, originals, max_tokens=max_tokens, read=INDEXES, rerank=rerank
        )
        return told.text

    def retrieve(**arguments: object) -> str:
        request = parse_request(arguments)
        keys = () if isinstance(request, Refusal) else request.keys
        try:
            return told(request, store.get_many(keys, namespace=namespace))
        except StoreError as error:
            return _failed(error)

    async def aretrieve(**arguments: object) -> str:
        request = parse_request(arguments)
        keys = () if isinstance(request, Refusal) else request.keys
        try:
            originals = await store.aget_many(keys, namespace=namespace)
            # Reading a large original takes a while, so not on the event loop.
            return await asyncio.to_thread(told, request, originals)
        except StoreError as error:
            return _failed(error)

    return StructuredTool.from_function(
        func=retrieve,
        coroutine=aretrieve,
        name=RETRIEVE_TOOL_NAME,
        description=RETRIEVE_TOOL_DESCRIPTION,
        args_schema=RetrieveArguments,
        infer_schema=False,
        handle_validation_error=_explain,
        # LangGraph streams no tokens of what carries this tag.
        tags=["nostream"],
    )


def _failed(error: StoreError) -> str:
    return f"The original could not be read: {error}. Run the tool that wrote it again."


def _explain(error: ValidationError | object) -> str:
    """Say what is wrong with arguments that have the wrong type."""
    names: list[str] = []
    if isinstance(error, ValidationError):
        details = error.errors(include_input=False, include_url=False)
        names = [f"`{detail['loc'][0]}`" for detail in details if detail["loc"]]
    wrong = ", ".join(dict.fromkeys(names)) or "the arguments"
    return (
        f"Wrong or missing: {wrong}. Write hash (24 hex digits from the marker) and, "
        'if you like, query and lines ("120-180"), each as a string.'
    )
