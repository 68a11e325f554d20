"""A store of somebody else is refused, with the way to give it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langgraph.store.memory import InMemoryStore

from headroom_langchain import (
    CompressMessages,
    HeadroomChatModel,
    HeadroomMiddleware,
    compress,
    create_retrieve_tool,
)
from headroom_langchain.graph import ToolHooks, compress_node, create_retrieval_graph
from headroom_langchain.testing import ScriptedChatModel

MODEL = ScriptedChatModel(turns=["Done."])
TAKERS: dict[str, Callable[[Any], object]] = {
    "the model": lambda store: HeadroomChatModel(MODEL, store=store),
    "the middleware": lambda store: HeadroomMiddleware(store=store),
    "the middleware of tools": lambda store: HeadroomMiddleware(
        compress="tool_results", store=store
    ),
    "a node": lambda store: compress_node(store=store),
    "the hooks of tools": lambda store: ToolHooks(store=store),
    "a graph": lambda store: create_retrieval_graph(MODEL, store=store),
    "a tool": create_retrieve_tool,
    "a function": lambda store: compress([HumanMessage("Hello.")], store=store),
    "a runnable": lambda store: CompressMessages(store=store),
}


@pytest.mark.parametrize("take", TAKERS.values(), ids=TAKERS)
def test_a_langgraph_store_is_refused_as_it_is(take: Callable[[Any], object]) -> None:
    """The error says how to give it: otherwise every put would fail, one by one."""
    with pytest.raises(
        ValueError, match=r"give a LangGraph store as LangGraphCCRStore\(store\)"
    ):
        take(InMemoryStore())
