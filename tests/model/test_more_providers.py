"""The wrapper around the clients of Gemini, Bedrock and Ollama."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import Any

import pytest
from langchain_core.messages import BaseMessage, HumanMessage, ToolMessage
from more_providers import (
    ALL,
    BIG,
    CASES,
    CLIENTS,
    HIDDEN,
    OWN,
    USAGE,
    WAYS,
    Heard,
    history,
    search,
)
from pydantic import BaseModel

from headroom_langchain import (
    CompressionPolicy,
    HeadroomChatModel,
    InMemoryCCRStore,
    create_retrieve_tool,
)
from headroom_langchain.testing.servers import (
    Break,
    Failure,
    Hold,
    Query,
    Reply,
    ToolUse,
)

each_client = pytest.mark.parametrize("client", sorted(CLIENTS))
each_way = pytest.mark.parametrize("way", sorted(WAYS))
each_case = pytest.mark.parametrize(("client", "way"), CASES)

ASKS = Reply(
    text="Let me look.", thinking="Hm.", tool_calls=(HIDDEN,), usage=USAGE, piece=5
)
SAYS = Reply(text="The disk is full.", thinking="Oh.", usage=USAGE, piece=5)
FINDS = ToolUse(name="Finding", args={"host": "web-7"})
STOPS = ("finish_reason", "stopReason", "done_reason")


class Finding(BaseModel):
    """What is wrong."""

    host: str


def traces(heard: Heard) -> list[str]:
    """Return what is hidden and can be seen, the record aside."""
    seen: list[str] = []
    for message in (heard.answer, *heard.chunks):
        extra = {k: v for k, v in message.additional_kwargs.items() if k != "headroom"}
        plain = message.model_copy(update={"additional_kwargs": extra})
        text = str(plain.model_dump()) + str(plain.content_blocks)
        # The servers number the calls of a request after the request.
        words = ("headroom", "call_1_0", "tooluse_1_0", HIDDEN.args["hash"])  # type: ignore[index] # a mapping
        seen += [word for word in words if word in text]
    return seen


def chosen(query: Query) -> Any:
    """Return the tool choice as the request writes it."""
    body = query.received.body
    config = body.get("toolConfig") or body
    keys = ("functionCallingConfig", "toolChoice", "tool_choice")
    return [config.get(key) for key in keys]


@each_client
def test_large_results_arrive_compressed(client: str) -> None:
    """A large result goes out as an excerpt with a marker, at its own place."""
    known = CLIENTS[client]
    with known.server([SAYS]) as server:
        HeadroomChatModel(known.make(server.url)).bind_tools([search]).invoke(history())
    (query,) = server.requests
    result = query.said[-1]
    assert (result.role, result.tool) == ("tool", "search")
    assert "[headroom: " in result.text
    assert "ERROR disk full on web-7 300" in result.text
    assert len(result.text) < len(BIG) / 10


@each_client
def test_the_tool_is_written_as_the_client_writes_it(client: str) -> None:
    """The retrieve tool stands in the request as if the caller had bound it."""
    known = CLIENTS[client]
    retrieve = create_retrieve_tool(InMemoryCCRStore())
    with known.server([SAYS, SAYS]) as server:
        bare = known.make(server.url)
        bare.bind_tools([search, retrieve]).invoke("Hi")
        HeadroomChatModel(bare).bind_tools([search]).invoke("Hi")
    expected, sent = (query.received.raw for query in server.requests)
    assert sent == expected
    assert b"headroom_retrieve" in sent


@each_case
async def test_a_hidden_round_leaves_no_trace(client: str, way: str) -> None:
    """The caller sees one message with the text of both rounds, and their usage."""
    known = ALL[client]
    with known.server([ASKS, SAYS, SAYS]) as server:
        bare = known.make(server.url)
        model = HeadroomChatModel(bare).bind_tools([search])
        heard = await WAYS[way](model, history())
        plain = await WAYS[way](bare, [HumanMessage("Hi")])
    answer = heard.answer
    assert traces(heard) == []
    assert answer.text == "Let me look.\n\nThe disk is full."
    assert not answer.tool_calls
    assert not answer.invalid_tool_calls
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["total_tokens"] == 74
    assert answer.usage_metadata["input_tokens"] == 60
    for key in (*STOPS, "model_name", "model_provider"):
        said = plain.answer.response_metadata.get(key)
        assert answer.response_metadata.get(key) == said
    told = server.requests[1].said[-1]
    assert told.tool == "headroom_retrieve"
    assert "ERROR disk full on web-7 300" in told.text


@pytest.mark.parametrize(
    ("client", "way"), [case for case in CASES if case[1].endswith("stream")]
)
async def test_a_stream_of_rounds_is_one_message(client: str, way: str) -> None:
    """All chunks have one id, and the last of them says so, once."""
    known = ALL[client]
    with known.server([ASKS, SAYS]) as server:
        model = HeadroomChatModel(known.make(server.url)).bind_tools([search])
        heard = await WAYS[way](model, history())
    assert len({chunk.id for chunk in heard.chunks}) == 1
    positions = [chunk.chunk_position for chunk in heard.chunks]
    assert positions == [None] * (len(positions) - 1) + ["last"]
    totals = [
        c.usage_metadata["total_tokens"] for c in heard.chunks if c.usage_metadata
    ]
    assert sum(totals) == 74


@each_case
async def test_blocks_of_two_rounds_stay_apart(client: str, way: str) -> None:
    """Thoughts and texts of one round do not run into those of another."""
    known = ALL[client]
    with known.server([ASKS, SAYS]) as server:
        model = HeadroomChatModel(known.make(server.url)).bind_tools([search])
        answer = (await WAYS[way](model, history())).answer
    blocks: list[Any] = list(answer.content_blocks)
    thoughts = [b["reasoning"] for b in blocks if b["type"] == "reasoning"]
    texts = "".join(b["text"] for b in blocks if b["type"] == "text")
    assert texts == "Let me look.\n\nThe disk is full."
    assert "".join(thoughts) == "Hm.Oh."
    if not client.startswith("ollama"):  # its client keeps all thoughts in one string
        assert thoughts == ["Hm.", "Oh."]


@each_case
@pytest.mark.parametrize("order", ["own first", "hidden first"])
async def test_a_mixed_turn_shows_the_callers_call(
    client: str, way: str, order: str
) -> None:
    """Beside a hidden call the caller gets its own call, and only that."""
    known = ALL[client]
    calls = (OWN, HIDDEN) if order == "own first" else (HIDDEN, OWN)
    both = Reply(text="Both.", thinking="Hm.", tool_calls=calls, usage=USAGE, piece=5)
    with known.server([both]) as server:
        model = HeadroomChatModel(known.make(server.url)).bind_tools([search])
        heard = await WAYS[way](model, history())
    answer = heard.answer
    (own,) = answer.tool_calls
    assert (own["name"], own["args"]) == ("search", {"q": "web-7"})
    assert answer.text == "Both."
    blocks = [b for b in answer.content_blocks if b["type"] == "tool_call"]
    assert [block["id"] for block in blocks] == [own["id"]]
    shown = [word for word in traces(heard) if word not in str(own["id"])]
    assert shown == []
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["total_tokens"] == 37


@each_client
@each_way
async def test_an_error_of_a_later_round_is_the_clients_own(
    client: str, way: str
) -> None:
    """What the client raises for a refused round reaches the caller as it is."""
    known = CLIENTS[client]
    failure = Failure(status=429, message="not so fast")
    with known.server([failure, ASKS, failure]) as server:
        bare = known.make(server.url)
        with pytest.raises(Exception, match="not so fast") as expected:
            await WAYS[way](bare, [HumanMessage("Hi")])
        model = HeadroomChatModel(bare).bind_tools([search])
        with pytest.raises(Exception, match="not so fast") as raised:
            await WAYS[way](model, history())
    assert raised.type is expected.type
    assert len(server.requests) == 3


@each_client
@pytest.mark.parametrize("way", ["stream", "astream"])
@pytest.mark.parametrize("how", ["cut", "error"])
async def test_a_later_round_that_breaks_breaks_as_the_client_does(
    client: str, way: str, how: Any
) -> None:
    """A stream that breaks in a later round raises what the client raises."""
    known = CLIENTS[client]
    broken = Reply(text="The disk is full.", piece=2, breaks=Break(after=3, how=how))
    with known.server([broken, ASKS, broken]) as server:
        bare = known.make(server.url)
        with pytest.raises(Exception, match=r"\w") as expected:
            await WAYS[way](bare, [HumanMessage("Hi")])
        model = HeadroomChatModel(bare).bind_tools([search])
        with pytest.raises(Exception, match=r"\w") as raised:
            await WAYS[way](model, history())
    assert raised.type is expected.type
    assert str(raised.value) == str(expected.value)


# Gemini's asynchronous client keeps the connection of a stream that is left.
LEAVING = [(c, w) for c, w in CASES if c in CLIENTS and w.endswith("stream")]
LEAVING.remove(("google", "astream"))


@pytest.mark.parametrize(("client", "way"), LEAVING)
async def test_leaving_in_a_later_round_closes_its_connection(
    client: str, way: str
) -> None:
    """A caller that leaves makes the client of the round under way leave as well."""
    known = CLIENTS[client]
    held = Reply(text="Hello", piece=1, hold=Hold(after=4, until=threading.Event()))
    seen = ""
    with known.server([ASKS, held]) as server:
        model: Any = HeadroomChatModel(known.make(server.url)).bind_tools([search])
        if way == "stream":
            chunks = model.stream(history())
            while not seen.endswith("He"):
                seen += next(chunks).text
            chunks.close()
        else:
            chunks = model.astream(history())
            while not seen.endswith("He"):
                seen += (await anext(chunks)).text
            await chunks.aclose()
        assert await asyncio.to_thread(server.left.wait, 30)
    assert server.sent[1] <= 4


@each_client
@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
def test_structured_output_is_asked_for_the_clients_way(
    client: str, method: str
) -> None:
    """The request is that of the bare client, but for the tool beside its tools."""
    known = CLIENTS[client]
    says = Reply(text='{"host": "web-7"}')
    if method == "function_calling":
        says = Reply(tool_calls=(FINDS,))
    with known.server([says, says]) as server:
        bare = known.make(server.url)
        plain: Any = bare.with_structured_output(Finding, method=method)
        wrapped: Any = HeadroomChatModel(bare).with_structured_output(
            Finding, method=method
        )
        assert plain.invoke("Hi") == wrapped.invoke("Hi") == Finding(host="web-7")
    expected, sent = server.requests
    assert [tool.name for tool in sent.tools][: len(expected.tools)] == [
        tool.name for tool in expected.tools
    ]
    assert chosen(sent) == chosen(expected)
    assert (sent.schema, sent.wants_json) == (expected.schema, expected.wants_json)
    if method == "json_schema":
        assert sent.received.raw == expected.received.raw


@each_client
def test_a_native_format_is_left_alone(client: str) -> None:
    """Beside a native answer format no tool is offered, whatever is marked."""
    known = CLIENTS[client]
    quiet: Any = contextlib.nullcontext()
    if client == "bedrock":  # its client says that calls without tools become text
        quiet = pytest.warns(RuntimeWarning, match="without toolConfig")
    with known.server([Reply(text='{"host": "web-7"}')]) as server, quiet:
        model: Any = HeadroomChatModel(known.make(server.url))
        asked = model.with_structured_output(Finding, method="json_schema")
        assert asked.invoke(history()) == Finding(host="web-7")
    (query,) = server.requests
    assert (query.wants_json, query.tools) == (True, ())
    assert b"[headroom: " in query.received.raw


@pytest.mark.parametrize(
    ("client", "choice"), [("google", "none"), ("bedrock", "auto"), ("ollama", "auto")]
)
def test_the_last_round_forbids_calls_where_that_can_be_said(
    client: str, choice: str
) -> None:
    """Gemini is told to call nothing; the others have no word for it and are asked."""
    known = CLIENTS[client]
    policy = CompressionPolicy(max_rounds=1)
    with known.server([ASKS, ASKS, SAYS]) as server:
        model = HeadroomChatModel(known.make(server.url), policy=policy)
        answer = model.bind_tools([search]).invoke(history())
    assert answer.text.endswith("The disk is full.")
    assert [query.tool_choice for query in server.requests] == ["auto", "auto", choice]


@each_client
def test_a_forced_tool_is_forced_the_clients_way(client: str) -> None:
    """A tool choice of the caller reaches the provider as the client writes it."""
    known = CLIENTS[client]
    says = Reply(tool_calls=(OWN,))
    with known.server([says, says]) as server:
        bare = known.make(server.url)
        bare.bind_tools([search], tool_choice="search").invoke("Hi")
        model = HeadroomChatModel(bare).bind_tools([search], tool_choice="search")
        (call,) = model.invoke("Hi").tool_calls
    assert call["name"] == "search"
    expected, sent = server.requests
    assert chosen(sent) == chosen(expected)


def test_the_own_result_is_not_taken_for_another() -> None:
    """Where calls have no ids on the wire, results go out in the order of the calls."""
    known = CLIENTS["ollama"]
    both = Reply(tool_calls=(OWN, HIDDEN))
    with known.server([both, SAYS]) as server:
        model = HeadroomChatModel(known.make(server.url)).bind_tools([search])
        messages: list[BaseMessage] = history()
        messages.append(model.invoke(messages))
        (own,) = messages[-1].tool_calls  # type: ignore[attr-defined] # it is the model's
        messages.append(ToolMessage("found", tool_call_id=own["id"]))
        model.invoke(messages)
    told = {said.tool: said.text for said in server.requests[1].said[-2:]}
    assert told["search"] == "found"
    assert "ERROR disk full" in told["headroom_retrieve"]
