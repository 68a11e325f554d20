"""What tools return is compressed before it enters the state of an agent."""

from __future__ import annotations

import operator
from typing import Annotated, Any

import pytest
from langchain.agents import AgentState, create_agent
from langchain.agents.middleware import AgentMiddleware
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import InjectedToolCallId, tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from visible_loop import (
    ASK,
    FORGED,
    KEY,
    LOG,
    NEEDLE,
    READ,
    agent,
    log,
    read_log,
    read_wiki,
    run,
    told,
)

from headroom_langchain import (
    CompressionPolicy,
    HeadroomChatModel,
    InMemoryCCRStore,
    compress,
)
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.middleware import HeadroomMiddleware
from headroom_langchain.plan.messages import recorded_keys
from headroom_langchain.testing import (
    Call,
    ScriptedChatModel,
    Turn,
)


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_the_state_is_small_and_what_is_missing_can_be_read(
    *, asynchronous: bool
) -> None:
    """The state has the excerpt, and retrieval is a tool call in it like others."""
    made, model = agent([READ, ASK, "Worker 3.", ASK, "As I said."])
    messages = await run(made, asynchronous=asynchronous)
    assert [message.type for message in messages] == [
        *["human", "ai", "tool", "ai", "tool", "ai"]
    ]
    assert len(messages[2].text) < len(LOG) / 4
    assert NEEDLE not in messages[2].text
    assert recorded_keys([messages[2]]) == (KEY,)
    assert NEEDLE in messages[4].text
    assert messages[-1].text == "Worker 3."
    offered = [[t["function"]["name"] for t in r.tools] for r in model.requests]
    assert offered == [["headroom_retrieve", "read_log"]] * 3
    later = await run(made, asynchronous=asynchronous)
    assert NEEDLE in told(later)[-1]


async def test_an_excerpt_is_the_same_in_both_modes() -> None:
    """The tool call's arguments and the question count as they do around the model."""
    asked = Turn(tool_calls=(Call(name="read_log", args={"host": "253 ms"}),))
    made, _ = agent([asked, "Fine."])
    messages = await run(made)
    given = [*messages[:2], messages[2].model_copy(update={"content": LOG})]
    expected = compress(given, store=InMemoryCCRStore()).messages[-1]
    assert messages[2].text == expected.text
    assert NEEDLE in expected.text


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_parallel_results_do_not_mix(*, asynchronous: bool) -> None:
    """Tools that run at once each get their own excerpt, which leads to their text."""
    logs = {f"h{n}": log(300, f"disk-{n}") for n in range(12)}

    @tool("read_log")
    def read(host: str) -> str:
        """Read the log of a host."""
        return logs[host]

    calls = tuple(Call(name="read_log", args={"host": host}) for host in logs)
    store = InMemoryCCRStore()
    made, _ = agent([Turn(tool_calls=calls), "Fine."], tools=[read], store=store)
    messages = await run(made, asynchronous=asynchronous)
    assert [recorded_keys([m]) for m in messages[2:-1]] == [
        (content_key(text),) for text in logs.values()
    ]
    for text in logs.values():
        original = store.get(content_key(text))
        assert original is not None
        assert original.content == text


class Spread(AgentState[Any]):
    """A state with a second key."""

    seen: Annotated[list[str], operator.add]


def result(text: str, call_id: str) -> ToolMessage:
    """A tool message with everything that one can have."""
    return ToolMessage(
        text,
        tool_call_id=call_id,
        name="read_log",
        id="message",
        status="error",
        artifact={"whole": text},
        additional_kwargs={"own": 1},
        response_metadata={"took": 2},
    )


@tool("read_log")
def as_message(host: str, call_id: Annotated[str, InjectedToolCallId]) -> Any:
    """Read the log of a host."""
    return result(LOG, call_id)


@tool("read_log")
def as_command(host: str, call_id: Annotated[str, InjectedToolCallId]) -> Any:
    """Read the log of a host."""
    messages = [HumanMessage("by the way", id="own"), result(LOG, call_id)]
    return Command(update={"messages": messages, "seen": [host]})


@pytest.mark.parametrize("reads", [as_message, as_command])
async def test_only_the_text_of_a_result_changes(reads: Any) -> None:
    """Every other field of a message or a command stays as the tool made it."""
    made, _ = agent([READ, "Fine."], tools=[reads], state_schema=Spread)
    config: Any = {"configurable": {"thread_id": "1"}}
    state = made.invoke({"messages": [HumanMessage("?")], "seen": []}, config)
    messages = {message.id: message for message in state["messages"]}
    now = messages["message"]
    plain = result(LOG, now.tool_call_id)
    assert len(now.text) < len(LOG) / 4
    assert now.response_metadata["took"] == 2
    changed = {"content", "response_metadata"}
    assert now.model_dump(exclude=changed) == plain.model_dump(exclude=changed)
    if reads is as_command:
        assert state["seen"] == ["w"]
        assert messages["own"].text == "by the way"


@pytest.mark.parametrize(
    ("name", "text", "direct"),
    [
        ("read_file", LOG, False),
        ("read_log", "all is well", False),
        ("read_log", LOG, True),
    ],
    ids=["exact tool", "small", "returned to the user"],
)
async def test_some_results_enter_the_state_as_they_are(
    *, name: str, text: str, direct: bool
) -> None:
    """Exact, small and final results are what the tool wrote."""

    @tool(name, return_direct=direct)
    def read(host: str) -> str:
        """Read something."""
        return text

    made, _ = agent(
        [Turn(tool_calls=(Call(name=name, args={"host": "w"}),)), "Fine."], tools=[read]
    )
    assert told(await run(made), name) == [text]


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_hash_from_elsewhere_is_unknown(*, asynchronous: bool) -> None:
    """A marker in a tool's output, or in another thread, lets nobody read anything."""
    store, saver = InMemoryCCRStore(), InMemorySaver()
    wiki = Turn(tool_calls=(Call(name="read_wiki", args={"page": "p"}),))
    tools = [read_log, read_wiki]
    options: Any = {"tools": tools, "store": store, "checkpointer": saver}
    first, _ = agent([READ, "Fine."], **options)
    await run(first, asynchronous=asynchronous, thread="1")
    assert store.get(KEY) is not None
    second, _ = agent([wiki, FORGED, "Hm."], **options)
    answers = told(await run(second, asynchronous=asynchronous, thread="2"))
    assert len(answers) == 1
    assert answers[0].startswith("Not found")
    assert "worker" not in answers[0]


async def test_a_tenant_reads_only_its_own() -> None:
    """A thread that is continued under another namespace finds nothing there."""
    made, _ = agent([READ, ASK, "Fine.", ASK, "Hm.", ASK, "Fine."])
    ours = await run(made, headroom_namespace="ours")
    theirs = await run(made, headroom_namespace="theirs")
    again = await run(made, headroom_namespace="ours")
    assert [NEEDLE in told(messages)[-1] for messages in (ours, theirs, again)] == [
        *[True, False, True]
    ]


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_wrapped_model_answers_what_it_can(*, asynchronous: bool) -> None:
    """Beside the mode, a wrapper with the same store keeps retrieval hidden."""
    store = InMemoryCCRStore()
    scripted = ScriptedChatModel(turns=[READ, ASK, "Worker 3.", ASK, "As I said."])
    made, _ = agent([], model=HeadroomChatModel(scripted, store=store), store=store)
    messages = await run(made, asynchronous=asynchronous)
    assert [m.type for m in messages] == ["human", "ai", "tool", "ai"]
    assert len(messages[2].text) < len(LOG) / 4
    assert messages[-1].text == "Worker 3."
    assert "headroom_retrieve" not in str(messages[-1].content)
    assert NEEDLE in scripted.requests[2].messages[-1].text
    names = [t["function"]["name"] for t in scripted.requests[0].tools]
    assert names == ["headroom_retrieve", "read_log"]
    await run(made, asynchronous=asynchronous)
    assert NEEDLE in scripted.requests[-1].messages[-1].text


async def test_the_report_tells_of_the_last_compression() -> None:
    """It has the result's own text, and the retrieval that came after."""
    middleware = HeadroomMiddleware(store=InMemoryCCRStore(), compress="tool_results")
    assert middleware.report is None
    model = ScriptedChatModel(turns=[READ, ASK, "Fine."])
    await run(create_agent(model, tools=[read_log], middleware=[middleware]))
    report = middleware.report
    assert report is not None
    assert [(block.message, block.tool, block.key) for block in report.blocks] == [
        (0, "read_log", KEY)
    ]
    assert report.tokens_saved > 0
    assert [retrieval.error for retrieval in report.retrievals] == [False]


async def test_without_retrieval_there_is_nothing_to_keep() -> None:
    """A policy without retrieval needs no store and adds no tool."""
    policy = CompressionPolicy(retrieval=False, lossy=True)
    middleware = HeadroomMiddleware(policy, compress="tool_results")
    model = ScriptedChatModel(turns=[READ, "Fine."])
    messages = await run(create_agent(model, tools=[read_log], middleware=[middleware]))
    assert "hidden]" in messages[2].text
    assert [tool["function"]["name"] for tool in model.requests[0].tools] == [
        "read_log"
    ]


def test_the_usual_mode_leaves_tools_alone() -> None:
    """Around the model only, an agent has no hook that its tools would run in."""
    assert HeadroomMiddleware.wrap_tool_call is AgentMiddleware.wrap_tool_call
    made = create_agent(ScriptedChatModel(turns=[]), middleware=[HeadroomMiddleware()])
    assert "tools" not in made.get_graph().nodes
