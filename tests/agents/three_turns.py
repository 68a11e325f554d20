"""A conversation of three turns over one large log, for agents of every make.

The fake provider answers from what it was sent, as a model would: it can name a
ticket only when the line that has it was in the request. So a right answer says
that the agent was served the original.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_stream_writer
from langgraph.graph import MessagesState, StateGraph
from langgraph.prebuilt import (  # type: ignore[deprecated] # that it is tested too
    ToolNode,
    create_react_agent,
    tools_condition,
)

from headroom_langchain import HeadroomChatModel
from headroom_langchain.middleware import HeadroomMiddleware
from headroom_langchain.testing.marker import RETRIEVE, last_hash
from headroom_langchain.testing.servers import (
    FakeAnthropic,
    FakeOpenAI,
    FakeServer,
    Query,
    Reply,
    ToolUse,
)

Agent = Any
"""A compiled graph, whatever made it."""


def ticket(job: int) -> str:
    """The ticket of a job: nothing that could be guessed from other lines."""
    return f"T{job * 7919 % 99991:05}"


LOG = "\n".join(
    f"2026-03-01 10:{job // 60:02}:{job % 60:02} INFO job {job} ticket {ticket(job)}"
    for job in range(900)
)
"""What `read_log` writes; about 45,000 characters."""

JOBS = {"first": 417, "second": 133, "third": 288}
"""What the user calls the jobs, so that no excerpt shows the lines asked for."""

QUESTIONS = (
    "Which ticket has my first job?",
    "Which one has the second, and who owns it?",
    "And my third?",
)
ANSWERS = (
    f"The ticket is {ticket(417)}.",
    f"The ticket is {ticket(133)}, and ann owns it.",
    f"The ticket is {ticket(288)}.",
)


@tool
def read_log(host: str) -> str:
    """Read the log of a host."""
    get_stream_writer()(f"reading {host}")
    return LOG


@tool
def owner(job: str) -> str:
    """Tell who owns a job."""
    return f"owner of job {job}: ann"


TOOLS = [read_log, owner]


def sensible(query: Query) -> Reply:
    """Answer as a model that reads the log once, then looks closer as it may."""
    job = next(job for word, job in JOBS.items() if word in query.user)
    tools = [said.tool for said in query.said if said.role == "tool"]
    if "read_log" not in tools:
        call = ToolUse(name="read_log", args={"host": "web-7"})
        return Reply(text="I read the log.", tool_calls=(call,))
    calls: list[ToolUse] = []
    if "owns" in query.user and "owner" not in query.used:
        calls.append(ToolUse(name="owner", args={"job": str(job)}))
    if query.tool(RETRIEVE) and RETRIEVE not in query.used:
        calls.append(ToolUse(name=RETRIEVE, args=_asked(query, job)))
    if calls:
        return Reply(text="I look.", thinking="Hm.", tool_calls=tuple(calls))
    return Reply(text=_answer(query, job))


def _asked(query: Query, job: int) -> dict[str, str]:
    found = last_hash(said.text for said in query.said)
    return {"hash": found or "0" * 24, "query": f"job {job}"}


def _answer(query: Query, job: int) -> str:
    texts = "\n".join(said.text for said in query.said if said.role == "tool")
    found = re.search(rf"INFO job {job} ticket (\w+)", texts)
    known = f"The ticket is {found[1]}" if found else "I cannot see the ticket"
    owned = ", and ann owns it" if f"owner of job {job}: ann" in texts else ""
    return f"{known}{owned}."


SERVERS: dict[str, type[FakeServer]] = {
    "anthropic": FakeAnthropic,
    "chat": FakeOpenAI,
    "responses": FakeOpenAI,
}


def model_of(client: str, url: str, name: str = "x") -> BaseChatModel:
    """The real client of a fake provider."""
    if client == "anthropic":
        return ChatAnthropic(base_url=url, api_key="x", model=name)  # type: ignore[call-arg, arg-type] # aliases
    return ChatOpenAI(
        base_url=url,
        api_key="x",  # type: ignore[arg-type] # a plain key is fine
        model=name,
        use_responses_api=client == "responses",
        stream_usage=True,
    )


def created(
    model: BaseChatModel,
    middleware: Sequence[Any],
    *,
    interrupt_on: dict[str, bool] | None = None,
    **options: Any,
) -> Agent:
    """An agent of langchain; asks before some calls, as one of deepagents can."""
    asking = [HumanInTheLoopMiddleware(interrupt_on)] if interrupt_on else []  # type: ignore[arg-type] # values of a wider type
    return create_agent(model, TOOLS, middleware=[*asking, *middleware], **options)


def reacting(model: BaseChatModel, _: Sequence[Any], **options: Any) -> Agent:
    """The agent of langgraph, which is deprecated and says so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return create_react_agent(model, TOOLS, **options)


def written(model: BaseChatModel, _: Sequence[Any], **options: Any) -> Agent:
    """An agent written by hand."""
    bound = model.bind_tools(TOOLS)

    async def aspeak(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await bound.ainvoke(state["messages"])]}

    def speak(state: MessagesState) -> dict[str, Any]:
        return {"messages": [bound.invoke(state["messages"])]}

    graph = StateGraph(MessagesState)
    graph.add_node("agent", RunnableLambda(speak, aspeak))
    graph.add_node("tools", ToolNode(TOOLS))
    graph.set_entry_point("agent")
    graph.add_conditional_edges("agent", tools_condition)
    graph.add_edge("tools", "agent")
    return graph.compile(**options)


def deep(model: BaseChatModel, middleware: Sequence[Any], **options: Any) -> Agent:
    """An agent of deepagents."""
    from deepagents import create_deep_agent

    return create_deep_agent(model, TOOLS, middleware=middleware, **options)


MAKERS: dict[str, Callable[..., Agent]] = {
    "create_agent": created,
    "create_react_agent": reacting,
    "hand_written": written,
    "deepagents": deep,
}


MODES = (
    "checkpoints",
    "custom",
    "debug",
    "messages",
    "tasks",
    "tools",
    "updates",
    "values",
)
"""All stream modes."""

Seam = Literal["wrapped", "middleware", "bare"]
"""Where this package stands: around the model, in the agent, nowhere."""

Way = Literal["invoke", "ainvoke", "stream", "astream"]
"""How a turn is taken."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Talk:
    """A conversation that was held.

    Without a `repr`: asyncio makes that of each task's result.
    """

    maker: str
    client: str
    sent: list[Any]
    """The bodies of the requests that the provider got."""
    events: list[tuple[tuple[str, ...], str, Any]]
    """Namespace, mode and event of everything that was streamed."""
    ends: list[BaseMessage]
    """The last message of each turn."""
    state: list[BaseMessage]

    @property
    def visible(self) -> list[tuple[str, str, Any]]:
        """What the messages of the state say, the words before a hidden call aside."""
        return [
            (
                message.type,
                message.text.removeprefix("I look.\n\n"),
                [(c["name"], c["args"]) for c in getattr(message, "tool_calls", ())],
            )
            for message in self.state
        ]


def agent_of(maker: str, seam: Seam, model: BaseChatModel, **options: Any) -> Agent:
    """Make an agent with this package at a place."""
    return MAKERS[maker](
        HeadroomChatModel(model) if seam == "wrapped" else model,
        [HeadroomMiddleware()] if seam == "middleware" else [],
        **options,
    )


async def held(maker: str, seam: Seam, client: str, way: Way) -> Talk:
    """Hold the conversation of three turns."""
    with SERVERS[client](sensible) as server:
        model = model_of(client, server.url)
        agent = agent_of(maker, seam, model, checkpointer=InMemorySaver())
        events: list[Any] = []
        ends = []
        for question in QUESTIONS:
            events += await taken(agent, {"messages": [("user", question)]}, way)
            state = agent.get_state(THREAD).values["messages"]
            ends.append(state[-1])
        sent = [query.received.body for query in server.requests]
    return Talk(
        maker=maker, client=client, sent=sent, events=events, ends=ends, state=state
    )


async def taken(agent: Agent, given: Any, way: Way) -> list[Any]:
    """Take one turn, and return what was streamed of it."""
    modes: Any = {"stream_mode": list(MODES), "subgraphs": True}
    match way:
        case "invoke":
            agent.invoke(given, THREAD)
        case "ainvoke":
            await agent.ainvoke(given, THREAD)
        case "stream":
            return list(agent.stream(given, THREAD, **modes))
        case "astream":
            return [event async for event in agent.astream(given, THREAD, **modes)]
    return []


THREAD: Any = {"configurable": {"thread_id": "1"}}


def prefix_of(before: Any, after: Any) -> bool:
    """Tell whether a request begins, byte for byte, with the one before."""
    key = "input" if "input" in before else "messages"
    rest = [
        {k: v for k, v in body.items() if k not in (key, "stream", "stream_options")}
        for body in (before, after)
    ]
    start = after[key][: len(before[key])]
    return json.dumps(before[key]) == json.dumps(start) and (
        json.dumps(rest[0]) == json.dumps(rest[1])
    )


def seen(value: Any) -> str:
    """Return all that can be read in a value, the records of messages aside."""
    if isinstance(value, BaseMessage):
        extra = {k: v for k, v in value.additional_kwargs.items() if k != "headroom"}
        return seen(value.model_copy(update={"additional_kwargs": extra}).model_dump())
    if isinstance(value, Mapping):
        return "\n".join(f"{key!r}: {seen(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple | set):
        return "\n".join(map(seen, value))
    if is_dataclass(value) and not isinstance(value, type):
        return seen({f.name: getattr(value, f.name) for f in fields(value)})
    return repr(value)
