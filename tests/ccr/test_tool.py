"""The tool `headroom_retrieve`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence

import pytest
from langchain_core.messages import ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

from headroom_langchain.ccr.store.base import Original
from headroom_langchain.ccr.store.memory import InMemoryCCRStore
from headroom_langchain.ccr.tool import (
    RETRIEVE_TOOL_NAME,
    create_retrieve_tool,
)
from headroom_langchain.errors import ConfigurationError, StoreError

LOG = Original.of("".join(f"step {n} took {n * 3} ms\n" for n in range(2000)))


@pytest.fixture
def store() -> InMemoryCCRStore:
    """Return a store with one original."""
    store = InMemoryCCRStore()
    store.put(LOG)
    return store


def test_it_returns_what_was_asked_for(store: InMemoryCCRStore) -> None:
    """A hash and words return the matching lines."""
    tool = create_retrieve_tool(store)
    assert "step 1234 took 3702 ms" in tool.invoke(
        {"hash": LOG.key, "query": "step 1234"}
    )


async def test_async_returns_the_same(store: InMemoryCCRStore) -> None:
    """`ainvoke` answers like `invoke`."""
    tool = create_retrieve_tool(store)
    arguments = {"hash": LOG.key, "query": "step 1234"}
    assert await tool.ainvoke(arguments) == tool.invoke(arguments)


def test_a_tool_call_gives_a_tool_message(store: InMemoryCCRStore) -> None:
    """Invoked with a tool call, it returns the message for that call."""
    call = {
        "type": "tool_call",
        "id": "call_1",
        "name": RETRIEVE_TOOL_NAME,
        "args": {"hash": LOG.key, "query": None, "lines": "3"},
    }
    message = create_retrieve_tool(store).invoke(call)
    assert isinstance(message, ToolMessage)
    assert message.tool_call_id == "call_1"
    assert "step 2 took 6 ms" in str(message.content)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"hash": 17},
        {"hash": None},
        {"hash": ["a", 1]},
        {"hash": "\ud800"},
        {"hash": LOG.key, "query": 5},
        {"hash": LOG.key, "lines": "x"},
        {"hash": LOG.key, "unknown": "x"},
        {"hash": LOG.key[:9]},
    ],
)
def test_mistakes_get_an_answer(
    store: InMemoryCCRStore, arguments: Mapping[str, object]
) -> None:
    """Arguments of the wrong type or without sense are answered, not raised."""
    answer = create_retrieve_tool(store).invoke(dict(arguments))
    assert isinstance(answer, str)
    assert "hash" in answer or "Write" in answer


def test_it_answers_only_its_namespace(store: InMemoryCCRStore) -> None:
    """What was put in another namespace is not found."""
    tool = create_retrieve_tool(store, namespace="other")
    assert "Not found" in tool.invoke({"hash": LOG.key})


def test_a_broken_store_gets_an_answer() -> None:
    """A store that cannot be read is told to the model."""

    class Broken(InMemoryCCRStore):
        def get_many(
            self, keys: Sequence[str], *, namespace: str = "default"
        ) -> Mapping[str, Original]:
            msg = "the disk is gone"
            raise StoreError(msg)

    assert "the disk is gone" in create_retrieve_tool(Broken()).invoke(
        {"hash": LOG.key}
    )


def test_the_schema_is_one_that_strict_mode_takes(store: InMemoryCCRStore) -> None:
    """Strict: nothing more than the three arguments, all named, none with a default."""
    function = convert_to_openai_tool(create_retrieve_tool(store), strict=True)[
        "function"
    ]
    parameters = function["parameters"]
    assert function["name"] == RETRIEVE_TOOL_NAME
    assert parameters["additionalProperties"] is False
    assert parameters["required"] == ["hash", "query", "lines"]
    assert all("default" not in field for field in parameters["properties"].values())


def test_only_the_hash_is_needed(store: InMemoryCCRStore) -> None:
    """Without strict mode a model may leave out the other arguments."""
    parameters = convert_to_openai_tool(create_retrieve_tool(store))["function"][
        "parameters"
    ]
    assert parameters["required"] == ["hash"]


def test_its_tokens_are_not_streamed(store: InMemoryCCRStore) -> None:
    """It carries the tag that LangGraph leaves out of streams."""
    assert create_retrieve_tool(store).tags == ["nostream"]


def test_a_budget_that_is_too_small_is_refused(store: InMemoryCCRStore) -> None:
    """Fewer than 100 tokens are a broken configuration."""
    with pytest.raises(ConfigurationError, match="give 100 or more"):
        create_retrieve_tool(store, max_tokens=10)


def test_importing_it_is_cheap() -> None:
    """Importing the tool loads none of the heavy libraries."""
    script = (
        "import sys, headroom_langchain.ccr.tool\n"
        "heavy = {'langgraph', 'numpy', 'tiktoken', 'rank_bm25'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
