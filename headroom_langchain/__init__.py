"""Reversible context compression for LangChain and LangGraph.

`HeadroomChatModel(llm)` makes large tool results small on their way to a model,
keeps the originals, and lets the model ask for them in the middle of an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headroom_langchain._version import __version__
from headroom_langchain.lazy_names import lazy_names

if TYPE_CHECKING:
    from headroom_langchain.accounts.ledger import Ledger
    from headroom_langchain.accounts.prices import ModelPrice, Prices, Savings
    from headroom_langchain.cache_aligner import CacheAligner
    from headroom_langchain.callbacks import HeadroomCallbackHandler, headroom_usage
    from headroom_langchain.ccr.store.at_rest import AtRest
    from headroom_langchain.ccr.store.base import CCRStore, Original
    from headroom_langchain.ccr.store.elsewhere.byte_store import ByteStoreCCRStore
    from headroom_langchain.ccr.store.elsewhere.langgraph_store import LangGraphCCRStore
    from headroom_langchain.ccr.store.memory import InMemoryCCRStore
    from headroom_langchain.ccr.store.sqlite.store import SqliteCCRStore
    from headroom_langchain.ccr.tool import create_retrieve_tool
    from headroom_langchain.chat_model import HeadroomChatModel
    from headroom_langchain.compress_messages import CompressMessages
    from headroom_langchain.compressing import acompress, compress, compress_text
    from headroom_langchain.document_prompts import (
        prompt_with_documents,
        record_documents,
    )
    from headroom_langchain.documents import HeadroomDocumentCompressor
    from headroom_langchain.errors import (
        ConfigurationError,
        HeadroomError,
        KeyCollisionError,
        NotAChatModelError,
        RetrievalTimeoutError,
        StoreError,
    )
    from headroom_langchain.lifecycle.custom_events import CustomEvents
    from headroom_langchain.lifecycle.extension import Extension
    from headroom_langchain.lifecycle.hooks import CompressionHooks
    from headroom_langchain.middleware import HeadroomMiddleware
    from headroom_langchain.reports.report import (
        BlockReport,
        CallReport,
        RequestReport,
        RetrievalReport,
    )
    from headroom_langchain.reports.results import CompressedText, CompressionResult
    from headroom_langchain.reports.totals import Totals
    from headroom_langchain.rules.bias import Bias
    from headroom_langchain.rules.policy import CompressionPolicy
    from headroom_langchain.rules.tool_rule import ToolRule
    from headroom_langchain.shared_context import SharedContext, SharedReference
    from headroom_langchain.tool_wrapping import wrap_tools

__all__ = [
    "AtRest",
    "Bias",
    "BlockReport",
    "ByteStoreCCRStore",
    "CCRStore",
    "CacheAligner",
    "CallReport",
    "CompressMessages",
    "CompressedText",
    "CompressionHooks",
    "CompressionPolicy",
    "CompressionResult",
    "ConfigurationError",
    "CustomEvents",
    "Extension",
    "HeadroomCallbackHandler",
    "HeadroomChatModel",
    "HeadroomDocumentCompressor",
    "HeadroomError",
    "HeadroomMiddleware",
    "InMemoryCCRStore",
    "KeyCollisionError",
    "LangGraphCCRStore",
    "Ledger",
    "ModelPrice",
    "NotAChatModelError",
    "Original",
    "Prices",
    "RequestReport",
    "RetrievalReport",
    "RetrievalTimeoutError",
    "Savings",
    "SharedContext",
    "SharedReference",
    "SqliteCCRStore",
    "StoreError",
    "ToolRule",
    "Totals",
    "__version__",
    "acompress",
    "compress",
    "compress_text",
    "create_retrieve_tool",
    "headroom_usage",
    "prompt_with_documents",
    "record_documents",
    "wrap_tools",
]

_HOMES = {
    "AtRest": "ccr.store.at_rest",
    "Bias": "rules.bias",
    "BlockReport": "reports.report",
    "ByteStoreCCRStore": "ccr.store.elsewhere.byte_store",
    "CCRStore": "ccr.store.base",
    "CacheAligner": "cache_aligner",
    "CallReport": "reports.report",
    "CompressMessages": "compress_messages",
    "CompressedText": "reports.results",
    "CompressionHooks": "lifecycle.hooks",
    "CompressionPolicy": "rules.policy",
    "CompressionResult": "reports.results",
    "ConfigurationError": "errors",
    "CustomEvents": "lifecycle.custom_events",
    "Extension": "lifecycle.extension",
    "HeadroomCallbackHandler": "callbacks",
    "HeadroomChatModel": "chat_model",
    "HeadroomDocumentCompressor": "documents",
    "HeadroomError": "errors",
    "HeadroomMiddleware": "middleware",
    "InMemoryCCRStore": "ccr.store.memory",
    "KeyCollisionError": "errors",
    "LangGraphCCRStore": "ccr.store.elsewhere.langgraph_store",
    "Ledger": "accounts.ledger",
    "ModelPrice": "accounts.prices",
    "NotAChatModelError": "errors",
    "Original": "ccr.store.base",
    "Prices": "accounts.prices",
    "RequestReport": "reports.report",
    "RetrievalReport": "reports.report",
    "RetrievalTimeoutError": "errors",
    "Savings": "accounts.prices",
    "SharedContext": "shared_context",
    "SharedReference": "shared_context",
    "SqliteCCRStore": "ccr.store.sqlite.store",
    "StoreError": "errors",
    "ToolRule": "rules.tool_rule",
    "Totals": "reports.totals",
    "acompress": "compressing",
    "compress": "compressing",
    "compress_text": "compressing",
    "create_retrieve_tool": "ccr.tool",
    "headroom_usage": "callbacks",
    "prompt_with_documents": "document_prompts",
    "record_documents": "document_prompts",
    "wrap_tools": "tool_wrapping",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
