"""What happens at the edges when an agent's tool results are compressed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.structured_output import ToolStrategy
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.prebuilt.tool_node import ToolCallRequest
from langgraph.types import Command
from pydantic import BaseModel
from visible_loop import ASK, KEY, LOG, NEEDLE, READ, agent, read_log, run, told

from headroom_langchain import (
    CCRStore,
    CompressionPolicy,
    ConfigurationError,
    InMemoryCCRStore,
    Original,
    StoreError,
)
from headroom_langchain.agents.visible_retrieval import closing
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE
from headroom_langchain.graph import ToolHooks
from headroom_langchain.middleware import HeadroomMiddleware
from headroom_langchain.plan.messages import recorded_keys
from headroom_langchain.testing import Call, ScriptedChatModel, Turn
from headroom_langchain.tokens import estimate_tokens


class Broken(CCRStore):
    """A store that fails to write, or to read."""

    def __init__(self, *, writes: bool) -> None:
        self._writes = writes

    def put_many(
        self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        if not self._writes:
            msg = "disk full"
            raise StoreError(msg)

    def get_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> Mapping[str, Original]:
        msg = "disk on fire"
        raise StoreError(msg)


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_store_that_cannot_write_costs_nothing(*, asynchronous: bool) -> None:
    """What could not be kept enters the state as the tool wrote it."""
    middleware = HeadroomMiddleware(store=Broken(writes=False), compress="tool_results")
    model = ScriptedChatModel(turns=[READ, "Fine."])
    made = create_agent(model, tools=[read_log], middleware=[middleware])
    messages = await run(made, asynchronous=asynchronous)
    assert messages[2].text == LOG
    assert middleware.report is not None
    assert "disk full" in middleware.report.notes[0]


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_store_that_cannot_read_says_so(*, asynchronous: bool) -> None:
    """The model is told that the original could not be read, and the agent goes on."""
    made, _ = agent([READ, ASK, "Then not."], store=Broken(writes=True))
    messages = await run(made, asynchronous=asynchronous)
    assert told(messages) == [
        "The original could not be read: StoreError. Run the tool that wrote it again."
    ]
    assert messages[-1].text == "Then not."


@pytest.mark.parametrize("compress", ["model_calls", "tool_results"])
async def test_a_call_may_override_the_policy(compress: Any) -> None:
    """A setting in a call's configuration holds for that call, in both modes."""
    model = ScriptedChatModel(turns=[READ, "Fine."] * 2)
    middleware = HeadroomMiddleware(store=InMemoryCCRStore(), compress=compress)
    made = create_agent(model, tools=[read_log], middleware=[middleware])
    await run(made, headroom_trigger=("tokens", 10**6))
    await run(made)
    sent = [request.messages[-1].text for request in model.requests]
    assert sent[1] == LOG
    assert len(sent[3]) < len(LOG) / 4
    with pytest.raises(ConfigurationError, match="headroom_triggr"):
        await run(made, headroom_triggr=1)


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_model_that_only_asks_must_answer(*, asynchronous: bool) -> None:
    """After the last round the model may call nothing, and nobody waits for it."""
    policy = CompressionPolicy(max_rounds=2)
    made, model = agent([READ, ASK, ASK, ASK, ASK], policy=policy)
    messages = await run(made, asynchronous=asynchronous)
    assert [NEEDLE in text for text in told(messages)] == [True, True, False]
    assert told(messages)[-1].startswith("No more originals")
    assert [r.kwargs.get("tool_choice") for r in model.requests] == [
        *[None, None, None, None, "none"]
    ]
    assert isinstance(messages[-1], AIMessage)
    assert not messages[-1].tool_calls
    assert messages[-1].text == "The model read originals and ended without an answer."
    assert messages[-1].response_metadata["finish_reason"] == "stop"


def test_the_last_call_is_in_the_words_of_the_provider() -> None:
    """What forbids calls is what the provider's own client takes for it."""
    model: Any = ChatAnthropic(model="claude-x", api_key="x")  # type: ignore[call-arg, arg-type] # aliases
    hooks = ToolHooks(store=InMemoryCCRStore())
    tools = [read_log, hooks.tool]
    changes = closing(model, hooks.tool, {"tools": tools, "tool_choice": None})
    assert changes == {"tools": tools, "tool_choice": {"type": "none"}}
    assert model.bind_tools(**changes).kwargs["tool_choice"] == {"type": "none"}


async def test_a_demanded_answer_comes_after_the_last_round() -> None:
    """An agent with an answer format then has only its own tools to choose from."""

    class Finding(BaseModel):
        """What was found."""

        worker: int

    found = Turn(tool_calls=(Call(name="Finding", args={"worker": 3}),))
    made, model = agent(
        [READ, ASK, ASK, found],
        policy=CompressionPolicy(max_rounds=1),
        response_format=ToolStrategy(Finding),
    )
    config: Any = {"configurable": {"thread_id": "1"}}
    state = made.invoke({"messages": [HumanMessage("?")]}, config)
    assert state["structured_response"] == Finding(worker=3)
    last = [tool["function"]["name"] for tool in model.requests[-1].tools]
    assert last == ["read_log", "Finding"]


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_calls_of_one_message_share_a_budget(*, asynchronous: bool) -> None:
    """Answers that are given side by side are together no longer than the round's."""
    asked = Call(name="headroom_retrieve", args={"hash": KEY, "lines": "1-300"})
    policy = CompressionPolicy(max_round_tokens=600)
    made, _ = agent([READ, Turn(tool_calls=(asked,) * 4), "Fine."], policy=policy)
    answers = told(await run(made, asynchronous=asynchronous))
    assert len(answers) == 4
    assert sum(map(estimate_tokens, answers)) <= 600
    assert all("worker" in answer for answer in answers)


def test_hooks_take_states_and_commands_that_are_lists() -> None:
    """A state that is a list of messages, outside of any graph, is as good."""
    hooks = ToolHooks(store=InMemoryCCRStore())
    call: Any = {"name": "read_log", "args": {}, "id": "c", "type": "tool_call"}
    runtime: Any = None
    request = ToolCallRequest(
        tool_call=call,
        tool=read_log,
        state=[HumanMessage("?"), AIMessage("", tool_calls=[call])],
        runtime=runtime,
    )
    wrote = ToolMessage(LOG, tool_call_id="c", name="read_log")
    done = hooks.wrap_tool_call(request, lambda _: Command(update=[wrote]))
    assert isinstance(done, Command)
    assert recorded_keys(done.update) == (KEY,)  # type: ignore[arg-type] # it is a list


def make(**options: Any) -> HeadroomMiddleware:
    """Make the middleware."""
    return HeadroomMiddleware(**options)


class Own(HeadroomMiddleware):
    """Middleware that somebody made of ours."""


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: make(compress="tool_results"), "store="),
        (lambda: make(compress="results"), "compress='results'"),
        (lambda: Own(compress="tool_results"), "HeadroomToolResultMiddleware"),
    ],
)
def test_what_cannot_work_says_what_would(
    wrong: Callable[[], object], says: str
) -> None:
    """A mode without what it needs is refused where it is made."""
    with pytest.raises(ConfigurationError, match=says):
        wrong()
