"""What is given in place of something else is refused at once, with the way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from langchain_core.messages import HumanMessage
from langgraph.store.memory import InMemoryStore

from headroom_langchain import (
    CompressMessages,
    ConfigurationError,
    HeadroomChatModel,
    HeadroomDocumentCompressor,
    HeadroomMiddleware,
    InMemoryCCRStore,
    Prices,
    SharedContext,
    compress,
    compress_text,
    create_retrieve_tool,
    wrap_tools,
)
from headroom_langchain.graph import ToolHooks, compress_node
from headroom_langchain.testing import ScriptedChatModel

HELLO = HumanMessage("Hello.")
STORE = InMemoryCCRStore()
TAKERS: dict[str, Callable[[Any], object]] = {
    "a function": lambda policy: compress([HELLO], policy=policy),
    "a function of a text": lambda policy: compress_text("Hello.", policy=policy),
    "a node": lambda policy: compress_node(policy=policy, store=STORE),
    "the hooks of tools": lambda policy: ToolHooks(policy=policy, store=STORE),
    "tools": lambda policy: wrap_tools([], policy=policy),
    "what agents share": lambda policy: SharedContext(InMemoryStore(), policy=policy),
}


@pytest.mark.parametrize("take", TAKERS.values(), ids=TAKERS)
def test_fields_are_no_policy(take: Callable[[Any], object]) -> None:
    """A dictionary is refused with the class to write."""
    with pytest.raises(ConfigurationError, match=r"write CompressionPolicy\(\.\.\.\)"):
        take({"budget": 2.0})


@pytest.mark.parametrize("given", ["Hello.", b"Hello.", HELLO, {"messages": [HELLO]}])
def test_one_message_is_no_list(given: Any) -> None:
    """A text is not taken apart into letters, nor a state into its keys."""
    with pytest.raises(ConfigurationError, match=r"give \[message, \.\.\.\]"):
        compress(given)


@pytest.mark.parametrize("given", [b"Hello.", {"rows": []}, None])
def test_data_is_no_text(given: Any) -> None:
    """What a tool returned is not compressed as what Python prints of it."""
    with pytest.raises(ConfigurationError, match="is no text"):
        compress_text(given)
    with pytest.raises(ConfigurationError, match="is no text"):
        SharedContext(InMemoryStore()).put("findings", given)


@pytest.mark.parametrize("given", [STORE, None])
def test_what_agents_share_needs_a_store_of_langgraph(given: Any) -> None:
    """A store of originals alone has no place for names."""
    with pytest.raises(ConfigurationError, match="is no LangGraph store"):
        SharedContext(given)


MISSPELLED: dict[str, Callable[..., object]] = {
    "the model": lambda **names: HeadroomChatModel(
        ScriptedChatModel(turns=["Done."]), **names
    ),
    "the middleware": HeadroomMiddleware,
    "a runnable": CompressMessages,
    "documents": HeadroomDocumentCompressor,
    "tools": lambda **names: wrap_tools([], **names),
    "a function": lambda **names: compress([HELLO], **names),
}


@pytest.mark.parametrize("make", MISSPELLED.values(), ids=MISSPELLED)
def test_a_misspelled_name_is_refused(make: Callable[..., object]) -> None:
    """Without its store a compressor would leave nothing out, and not say why."""
    with pytest.raises((TypeError, ValueError), match="stroe"):
        make(stroe=STORE)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: HeadroomMiddleware(cast("Any", {"budget": 2})), "CompressionPolicy"),
        (lambda: create_retrieve_tool(cast("Any", None)), "needs the store"),
        (lambda: wrap_tools(cast("Any", len)), r"write wrap_tools\(\[\.\.\.\]\)"),
        (lambda: Prices(cast("Any", {"gpt-5": 3})), "write ModelPrice"),
    ],
)
def test_a_mistake_shows_where_it_is_made(
    make: Callable[[], object], says: str
) -> None:
    """What cannot work is refused when it is made, not in the first call."""
    with pytest.raises(ConfigurationError, match=says):
        make()
