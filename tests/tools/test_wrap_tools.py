"""Tools whose results are compressed before they leave them."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import pytest
from langchain.agents import AgentState, create_agent
from langchain.tools import ToolRuntime
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    ToolCall,
    ToolMessage,
)
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
from langchain_core.tools import (
    BaseTool,
    InjectedToolArg,
    InjectedToolCallId,
    StructuredTool,
    Tool,
    ToolException,
    tool,
)
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.prebuilt import InjectedState, InjectedStore
from langgraph.store.memory import InMemoryStore
from langgraph.types import Command

from headroom_langchain import (
    CompressionPolicy,
    HeadroomChatModel,
    InMemoryCCRStore,
    compress,
    create_retrieve_tool,
)
from headroom_langchain.callbacks import HeadroomCallbackHandler
from headroom_langchain.ccr.marker import COMPLETE, marked_keys
from headroom_langchain.ccr.store.base import Original, content_key
from headroom_langchain.errors import ConfigurationError, StoreError
from headroom_langchain.lifecycle import CompressionHooks
from headroom_langchain.middleware import HeadroomMiddleware
from headroom_langchain.plan.messages import recorded_keys
from headroom_langchain.rules.bias import Bias
from headroom_langchain.testing import Call, ScriptedChatModel, Turn, ask_for_original
from headroom_langchain.tool_wrapping import wrap_tools

LOG = "\n".join(
    f"2026-03-01 10:{n // 60:02}:{n % 60:02} INFO worker {n % 5} done in {n} ms"
    for n in range(400)
)
NEEDLE = "worker 3 done in 253 ms"
KEY = content_key(LOG)
PICTURE = {
    "type": "image",
    "source_type": "base64",
    "data": "aGk=",
    "mime_type": "image/png",
}
ASK: Any = ask_for_original(NEEDLE)


def called(name: str, **arguments: Any) -> ToolCall:
    return ToolCall(name=name, args=arguments, id="1", type="tool_call")


@tool
def read_log(host: str) -> str:
    """Read the log of a host."""
    return LOG


@tool
async def read_later(host: str) -> str:
    """Read the log of a host."""
    return LOG


@tool(response_format="content_and_artifact")
def read_blocks(host: str) -> tuple[list[Any], dict[str, str]]:
    """Read the log of a host, as tools of MCP servers do."""
    return [{"type": "text", "text": LOG}, PICTURE], {"whole": LOG}


@tool
def read_here(
    host: str,
    state: Annotated[dict[str, Any], InjectedState],
    kept: Annotated[Any, InjectedStore()],
    call_id: Annotated[str, InjectedToolCallId],
    runtime: ToolRuntime,
) -> str:
    """Read the log of a host, and look around."""
    assert state["messages"]
    assert runtime.state == state
    assert runtime.tool_call_id == call_id
    assert kept is not None
    return LOG


class ReadOwn(BaseTool):
    """A tool with a class of its own."""

    name: str = "read_own"
    description: str = "Read the log of a host."

    def _run(self, host: str, config: RunnableConfig) -> str:
        assert "configurable" in config
        return LOG


read_raw = StructuredTool(
    name="read_raw",
    description="Read the log of a host.",
    args_schema={
        "type": "object",
        "properties": {"host": {"type": "string"}},
        "required": ["host"],
    },
    func=lambda **_: LOG,
)

TOOLS: list[BaseTool] = [
    read_log,
    read_later,
    read_blocks,
    read_here,
    ReadOwn(),
    read_raw,
    Tool(name="read_one", description="Read the log.", func=lambda _: LOG),
]


@pytest.mark.parametrize("given", TOOLS, ids=lambda given: given.name)
async def test_a_model_sees_the_same_tool(given: BaseTool) -> None:
    """What is known of a tool, and its class, stay; the tool itself is not changed."""
    store = InMemoryCCRStore()
    (made,) = wrap_tools([given], store=store)
    assert isinstance(made, type(given))
    assert made.args == given.args
    assert made.args_schema is given.args_schema
    assert made.response_format == given.response_format
    assert (made.tags, made.metadata) == (given.tags, given.metadata)
    assert convert_to_openai_tool(made) == convert_to_openai_tool(given)
    if given is not read_here:
        result = await given.ainvoke(called(given.name, host="w"))
        assert not recorded_keys([result])


@pytest.mark.parametrize("given", TOOLS, ids=lambda given: given.name)
async def test_an_agent_reads_an_excerpt_and_asks_for_the_rest(given: BaseTool) -> None:
    """In an agent the state is small, and what is missing is one call away."""
    store = InMemoryCCRStore()
    read = Turn(tool_calls=(Call(name=given.name, args={"host": "w"}),))
    if given.name == "read_one":
        read = Turn(tool_calls=(Call(name=given.name, args={"__arg1": "w"}),))
    model = ScriptedChatModel(turns=[read, ASK, "Worker 3."])
    tools = [*wrap_tools([given], store=store), create_retrieve_tool(store)]
    agent: Any = create_agent(model, tools, store=InMemoryStore())
    state = await agent.ainvoke({"messages": [HumanMessage("Who?")]})
    result, answer = state["messages"][2], state["messages"][4]
    assert recorded_keys([result]) == (KEY,)
    assert len(result.text) < len(LOG) / 4
    assert NEEDLE in answer.text


async def test_an_excerpt_is_that_of_a_tool_result() -> None:
    """Arguments count as they do around a model, and sync and async agree."""
    (made,) = wrap_tools([read_log], store=InMemoryCCRStore())
    call = called("read_log", host="253 ms")
    result = made.invoke(call)
    assert await made.ainvoke(call) == result
    given = [AIMessage("", tool_calls=[call]), ToolMessage(LOG, tool_call_id="1")]
    expected = compress(given, store=InMemoryCCRStore()).messages[-1]
    assert result.text == expected.text
    assert NEEDLE in result.text


async def test_a_wrapped_model_answers_for_the_tools() -> None:
    """A `HeadroomChatModel` with the same store needs no tool in the list."""
    store = InMemoryCCRStore()
    read = Turn(tool_calls=(Call(name="read_log", args={"host": "w"}),))
    model = ScriptedChatModel(turns=[read, ASK, "Worker 3."])
    agent = create_agent(
        HeadroomChatModel(model, store=store), wrap_tools([read_log], store=store)
    )
    state = await agent.ainvoke({"messages": [HumanMessage("Who?")]})
    kinds = [message.type for message in state["messages"]]
    assert kinds == ["human", "ai", "tool", "ai"]
    assert NEEDLE in model.requests[-1].messages[-1].text


async def test_only_async_stays_so() -> None:
    """A tool that cannot be called without `await` still cannot."""
    (made,) = wrap_tools([read_later], store=InMemoryCCRStore())
    with pytest.raises(NotImplementedError):
        made.invoke({"host": "w"})
    assert marked_keys(await made.ainvoke({"host": "w"})) == [KEY]


def test_a_text_stays_a_text() -> None:
    """Called without a tool call, a tool returns what it would, compressed."""
    store = InMemoryCCRStore()
    text, data = wrap_tools([read_log, tool(numbers)], store=store)
    result = text.invoke({"host": "w"})
    assert marked_keys(result) == [KEY]
    kept = store.get(KEY)
    assert kept is not None
    assert (kept.content, kept.tool) == (LOG, "read_log")
    assert data.invoke({}) == numbers()


def numbers() -> list[int]:
    """Count."""
    return list(range(1000))


def test_artifacts_and_pictures_stay() -> None:
    """Only texts change: artifacts and blocks of other types are the same."""
    (made,) = wrap_tools([read_blocks], store=InMemoryCCRStore())
    result = made.invoke(called("read_blocks", host="w"))
    assert result.artifact == {"whole": LOG}
    assert result.content[1] == PICTURE
    assert marked_keys(result.content[0]["text"]) == [KEY]


class Spread(AgentState[Any]):
    """A state with a second key."""

    seen: Annotated[list[str], operator.add]


@tool
def as_message(host: str, call_id: Annotated[str, InjectedToolCallId]) -> Any:
    """Read the log of a host."""
    return ToolMessage(LOG, tool_call_id=call_id, id="own", status="error")


@tool
def as_command(host: str, call_id: Annotated[str, InjectedToolCallId]) -> Any:
    """Read the log of a host."""
    answer = ToolMessage(LOG, tool_call_id=call_id, id="own", status="error")
    return Command(update={"messages": [answer], "seen": [host]})


@pytest.mark.parametrize("given", [as_message, as_command])
def test_messages_and_commands_are_results(given: BaseTool) -> None:
    """Messages are compressed where they are, and what stands beside them stays."""
    read = Turn(tool_calls=(Call(name=given.name, args={"host": "w"}),))
    agent: Any = create_agent(
        ScriptedChatModel(turns=[read, "Fine."]),
        wrap_tools([given], store=InMemoryCCRStore()),
        state_schema=Spread,
    )
    state = agent.invoke({"messages": [HumanMessage("Who?")], "seen": []})
    result = state["messages"][2]
    assert (result.id, result.status) == ("own", "error")
    assert recorded_keys([result]) == (KEY,)
    assert state["seen"] == (["w"] if given is as_command else [])


def test_errors_pass_through() -> None:
    """What a tool raises is raised, and what it makes of an error is a result."""

    @tool
    def fails(host: str) -> str:
        """Fail."""
        raise ToolException(LOG if host == "long" else "no such host")

    (made,) = wrap_tools([fails], store=InMemoryCCRStore())
    with pytest.raises(ToolException, match="no such host"):
        made.invoke(called("fails", host="w"))
    made.handle_tool_error = True
    result = made.invoke(called("fails", host="w"))
    assert (result.content, result.status) == ("no such host", "error")
    result = made.invoke(called("fails", host="long"))
    assert (recorded_keys([result]), result.status) == ((KEY,), "error")


def test_some_tools_are_left_alone() -> None:
    """`headroom_retrieve`, what is returned directly, and tools of the provider."""
    store = InMemoryCCRStore()
    retrieve = create_retrieve_tool(store)
    direct = read_log.model_copy(update={"return_direct": True})
    search: dict[str, Any] = {"type": "web_search"}
    given: list[Any] = [retrieve, direct, search]
    assert all(
        a is b for a, b in zip(wrap_tools(given, store=store), given, strict=True)
    )


def test_excluded_tools_return_what_they_did() -> None:
    """The rules of the policy say whose results are compressed."""
    policy = CompressionPolicy(exclude_tools=("read_*",))
    (made,) = wrap_tools([read_log], store=InMemoryCCRStore(), policy=policy)
    assert made.invoke(called("read_log", host="w")).content == LOG


def test_wrapping_twice_does_nothing() -> None:
    """What is wrapped is returned as it is."""
    store = InMemoryCCRStore()
    once = wrap_tools(TOOLS, store=store)
    twice = wrap_tools(once, store=InMemoryCCRStore())
    assert all(a is b for a, b in zip(once, twice, strict=True))


async def test_hooks_leave_compressed_results_alone() -> None:
    """In an agent that compresses tool results, too, there is one marker."""
    store = InMemoryCCRStore()
    read = Turn(tool_calls=(Call(name="read_log", args={"host": "w"}),))
    agent = create_agent(
        ScriptedChatModel(turns=[read, ASK, "Worker 3."]),
        wrap_tools([read_log], store=store),
        middleware=[HeadroomMiddleware(store=store, compress="tool_results")],
    )
    state = await agent.ainvoke({"messages": [HumanMessage("Who?")]})
    assert marked_keys(state["messages"][2].text) == [KEY]
    assert NEEDLE in state["messages"][4].text


def test_functions_become_tools() -> None:
    """A function is taken as `create_agent` takes it."""

    def read_all(host: str) -> str:
        """Read the log of a host."""
        return LOG

    given: list[Callable[..., Any]] = [read_all]
    (made,) = wrap_tools(given, store=InMemoryCCRStore())
    assert isinstance(made, BaseTool)
    assert made.name == "read_all"
    assert marked_keys(made.invoke({"host": "w"})) == [KEY]


def test_without_a_store_nothing_is_left_out() -> None:
    """Without a store results are rewritten without loss, or not at all."""
    table = "[" + ",\n ".join(f'{{"id": {n}, "name": "n"}}' for n in range(90)) + "]"
    listing = StructuredTool.from_function(
        lambda: table, name="listing", description="List."
    )
    rewritten, same = wrap_tools([listing, read_log])
    text = rewritten.invoke(called("listing")).content
    assert text.endswith(COMPLETE)
    assert len(text) < len(table)
    assert not marked_keys(same.invoke(called("read_log", host="w")).content)


class BrokenStore(InMemoryCCRStore):
    """A store that cannot be written."""

    def put_many(self, originals: Sequence[Original], **_: Any) -> None:
        msg = "the disk is full"
        raise StoreError(msg)


def test_a_store_that_fails_leaves_nothing_out() -> None:
    """If originals cannot be kept, the result has all of them."""
    (made,) = wrap_tools([read_log], store=BrokenStore())
    (plain,) = wrap_tools([read_log])
    call = called("read_log", host="w")
    assert made.invoke(call) == plain.invoke(call)


def test_a_call_may_name_the_tenant_and_the_rules() -> None:
    """`configurable` overrides namespace and policy, as everywhere."""
    store = InMemoryCCRStore()
    (made,) = wrap_tools([read_log], store=store)
    call = called("read_log", host="w")
    config: Any = {"configurable": {"headroom_namespace": "b"}}
    made.invoke(call, config)
    assert store.get(KEY) is None
    assert store.get(KEY, namespace="b") is not None
    config = {"configurable": {"headroom_trigger": ("tokens", 100_000)}}
    assert made.invoke(call, config).content == LOG
    config = {"configurable": {"headroom_triger": 1}}
    with pytest.raises(ConfigurationError, match="headroom_triger"):
        made.invoke(call, config)


def test_arguments_that_are_injected_say_nothing() -> None:
    """Only what the model wrote decides which lines are shown."""

    @tool
    def read_some(host: str, hint: Annotated[str, InjectedToolArg]) -> str:
        """Read the log of a host."""
        return LOG

    (made,) = wrap_tools([read_some], store=InMemoryCCRStore())
    assert NEEDLE in made.invoke({"host": "253 ms", "hint": "x"})
    assert NEEDLE not in made.invoke({"host": "w", "hint": "253 ms"})


def test_copies_compress_too() -> None:
    """A copy of a wrapped tool is a wrapped tool with the same store."""
    store = InMemoryCCRStore()
    (made,) = wrap_tools([read_log], store=store)
    for other in (copy.copy(made), copy.deepcopy(made), made.model_copy()):
        assert wrap_tools([other])[0] is other
        assert marked_keys(other.invoke({"host": "w"})) == [KEY]


def test_what_is_no_store_is_refused() -> None:
    """A LangGraph store as it is gives an error that says how to wrap it."""
    store: Any = InMemoryStore()
    with pytest.raises(ConfigurationError, match="LangGraphCCRStore"):
        wrap_tools([read_log], store=store)


class Seen(CompressionHooks):
    """Hooks that spare what they see, and write it down."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def compute_biases(self, messages: Sequence[BaseMessage]) -> Bias | None:
        self.seen.append(messages[-1].type)
        return Bias(protect=True)


def test_hooks_take_part() -> None:
    """Hooks see the call and its result, and may protect it."""
    hooks = Seen()
    (made,) = wrap_tools([read_log], store=InMemoryCCRStore(), hooks=hooks)
    assert made.invoke(called("read_log", host="w")).content == LOG
    assert hooks.seen[-1] == "tool"


def test_figures_reach_who_observes() -> None:
    """A callback handler counts what tools saved, under the run around them."""
    counts = HeadroomCallbackHandler()
    (made,) = wrap_tools([read_log], store=InMemoryCCRStore())
    chain: Runnable[str, Any] = RunnableLambda(
        lambda host: made.invoke(called("read_log", host=host))
    )
    chain.invoke("w", {"callbacks": [counts]})
    assert counts.total.tokens_saved > 0
