"""Reversible context compression for LangChain and LangGraph.

`HeadroomChatModel(llm)` makes large tool results small on their way to a model,
keeps the originals, and lets the model ask for them in the middle of an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headroom_langchain._version import __version__
from headroom_langchain.lazy_names import lazy_names

if TYPE_CHECKING:
    from headroom_langchain.ccr.store.at_rest import AtRest
    from headroom_langchain.ccr.store.base import CCRStore, Original
    from headroom_langchain.ccr.store.elsewhere.byte_store import ByteStoreCCRStore
    from headroom_langchain.ccr.store.elsewhere.langgraph_store import LangGraphCCRStore
    from headroom_langchain.ccr.store.memory import InMemoryCCRStore
    from headroom_langchain.ccr.store.sqlite.store import SqliteCCRStore
    from headroom_langchain.ccr.tool import create_retrieve_tool
    from headroom_langchain.chat_model import HeadroomChatModel
    from headroom_langchain.compressing import (
        CompressedText,
        CompressionResult,
        CompressMessages,
        acompress,
        compress,
        compress_text,
    )
    from headroom_langchain.errors import (
        ConfigurationError,
        HeadroomError,
        KeyCollisionError,
        NotAChatModelError,
        RetrievalTimeoutError,
        StoreError,
    )
    from headroom_langchain.middleware import HeadroomMiddleware
    from headroom_langchain.policy import CompressionPolicy
    from headroom_langchain.report import BlockReport, CallReport, RetrievalReport

__all__ = [
    "AtRest",
    "BlockReport",
    "ByteStoreCCRStore",
    "CCRStore",
    "CallReport",
    "CompressMessages",
    "CompressedText",
    "CompressionPolicy",
    "CompressionResult",
    "ConfigurationError",
    "HeadroomChatModel",
    "HeadroomError",
    "HeadroomMiddleware",
    "InMemoryCCRStore",
    "KeyCollisionError",
    "LangGraphCCRStore",
    "NotAChatModelError",
    "Original",
    "RetrievalReport",
    "RetrievalTimeoutError",
    "SqliteCCRStore",
    "StoreError",
    "__version__",
    "acompress",
    "compress",
    "compress_text",
    "create_retrieve_tool",
]

_HOMES = {
    "AtRest": "ccr.store.at_rest",
    "BlockReport": "report",
    "ByteStoreCCRStore": "ccr.store.elsewhere.byte_store",
    "CCRStore": "ccr.store.base",
    "CallReport": "report",
    "CompressMessages": "compressing",
    "CompressedText": "compressing",
    "CompressionPolicy": "policy",
    "CompressionResult": "compressing",
    "ConfigurationError": "errors",
    "HeadroomChatModel": "chat_model",
    "HeadroomError": "errors",
    "HeadroomMiddleware": "middleware",
    "InMemoryCCRStore": "ccr.store.memory",
    "KeyCollisionError": "errors",
    "LangGraphCCRStore": "ccr.store.elsewhere.langgraph_store",
    "NotAChatModelError": "errors",
    "Original": "ccr.store.base",
    "RetrievalReport": "report",
    "RetrievalTimeoutError": "errors",
    "SqliteCCRStore": "ccr.store.sqlite.store",
    "StoreError": "errors",
    "acompress": "compressing",
    "compress": "compressing",
    "compress_text": "compressing",
    "create_retrieve_tool": "ccr.tool",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
