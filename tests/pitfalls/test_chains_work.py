"""What people write around a model works around a wrapped one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import Runnable
from langchain_core.tools import tool
from pydantic import BaseModel, Field
from real_clients import CLIENTS, bodies
from tool_results import FOUND, LOG, ROWS, question, result

from headroom_langchain import (
    CompressMessages,
    HeadroomChatModel,
    InMemoryCCRStore,
    compress,
    compress_text,
    create_retrieve_tool,
)
from headroom_langchain.ccr.marker import is_marked
from headroom_langchain.compression import shorten as shortening
from headroom_langchain.testing import ScriptedChatModel, ask_for_original
from headroom_langchain.testing.servers import plausible

PROMPT = ChatPromptTemplate.from_messages(
    [("system", "You are of help."), MessagesPlaceholder("history"), ("human", "{q}")]
)


class Verdict(BaseModel):
    """What is wrong with a host."""

    host: str = Field(description="The host.")
    full: bool


@pytest.fixture(params=sorted(CLIENTS))
def client(request: pytest.FixtureRequest) -> str:
    """Each provider's client in turn."""
    name: str = request.param
    return name


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_compression_is_a_step_of_a_chain(
    client: str, *, asynchronous: bool
) -> None:
    """Between prompt and model, messages keep their calls and the text shrinks."""
    store = InMemoryCCRStore()
    step = CompressMessages(store=store)
    assert isinstance(step, Runnable)
    given = {"history": result(LOG), "q": "And now?"}
    with CLIENTS[client][0](["Fine."] * 2) as server:
        model = CLIENTS[client][1](server.url).bind_tools([create_retrieve_tool(store)])
        chain = PROMPT | step | model | StrOutputParser()
        answer = await chain.ainvoke(given) if asynchronous else chain.invoke(given)
        (query,) = server.requests
    assert answer == "Fine."
    assert query.unpaired is None
    roles = [said.role for said in query.said]
    assert roles == ["system", "assistant", "tool", "user"]
    assert query.said[1].calls == ("c1",)
    assert is_marked(query.said[2].text)
    sent = PROMPT | step
    _, asked, told, _ = sent.invoke(given)
    assert isinstance(asked, AIMessage)
    assert asked.tool_calls == result(LOG)[0].tool_calls  # type: ignore[attr-defined] # it makes a call
    assert isinstance(told, ToolMessage)
    assert (told.tool_call_id, told.name) == ("c1", "run")


def test_a_wrapped_model_is_a_step_of_a_chain() -> None:
    """Prompt, model and parser make a chain that streams, batches and maps."""
    turns: Any = [ask_for_original("disk full", text="Hm."), "The disk."] * 4
    inner = ScriptedChatModel(turns=turns, chunking=2)
    chain = PROMPT | HeadroomChatModel(inner) | StrOutputParser()
    given = {"history": result(LOG), "q": "And now?"}
    expected = "Hm.\n\nThe disk."
    assert chain.invoke(given) == expected
    pieces = list(chain.stream(given))
    assert len(pieces) > 3
    assert "".join(pieces) == expected
    assert chain.batch([given, given], {"max_concurrency": 1}) == [expected] * 2


def body_without_texts(body: Any) -> dict[str, Any]:
    """Return what a request has beside the conversation."""
    return {k: v for k, v in body.items() if k not in {"messages", "input", "tools"}}


@pytest.mark.parametrize(
    ("client", "method"),
    [
        ("openai", None),
        ("openai", "json_schema"),
        ("responses", None),
        ("responses", "json_schema"),
        ("anthropic", "json_schema"),
    ],
)
def test_a_native_answer_format_stays_native(client: str, method: str | None) -> None:
    """The request asks for the schema in the provider's own way, as the bare one."""
    chosen: Any = {} if method is None else {"method": method}
    server_class, make = CLIENTS[client]
    messages = [*question()[:1], HumanMessage("As JSON: is web-7 full?"), *result(LOG)]
    with server_class(plausible) as server:
        for model in (make(server.url), HeadroomChatModel(make(server.url))):
            chain = model.with_structured_output(Verdict, **chosen)
            assert isinstance(chain.invoke(messages), Verdict)
        bare, sent = bodies(server)
        queries = server.requests
    assert body_without_texts(sent) == body_without_texts(bare)
    assert queries[0].wants_json
    assert queries[1].wants_json
    assert "tools" not in bare
    assert "tools" not in sent
    assert len(json.dumps(sent)) < len(json.dumps(bare)) / 2


def test_an_answer_by_tool_call_stays_one(client: str) -> None:
    """Asked for by function calling, the schema is the tool that must be called."""
    with CLIENTS[client][0](plausible) as server:
        make = CLIENTS[client][1]
        for model in (make(server.url), HeadroomChatModel(make(server.url))):
            chain = model.with_structured_output(Verdict, method="function_calling")
            assert isinstance(chain.invoke(question()), Verdict)
        bare, sent = bodies(server)
    assert body_without_texts(sent) == body_without_texts(bare)
    assert sent["tools"][: len(bare["tools"])] == bare["tools"]
    assert len(sent["tools"]) == len(bare["tools"]) + 1


@pytest.mark.parametrize("way", ["invoke", "stream", "ainvoke", "astream"])
async def test_a_compressor_that_raises_costs_nothing_but_tokens(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model gets the original, the caller its answer, and the report the reason."""

    def broken(*_: object, **__: object) -> None:
        msg = "compressor bug"
        raise RuntimeError(msg)

    monkeypatch.setattr(shortening, "shorten", broken)
    inner = ScriptedChatModel(turns=["The disk."])
    model = HeadroomChatModel(inner)
    call = getattr(model, way)
    if way == "astream":
        text = "".join([piece.text async for piece in call(question())])
    elif way == "stream":
        text = "".join([piece.text for piece in call(question())])
    else:
        answer = call(question())
        text = (await answer if way == "ainvoke" else answer).text
    assert text == "The disk."
    assert inner.requests[0].messages[-1].text == LOG
    assert model.report is not None
    assert model.report.blocks[-1].skipped == "failed: RuntimeError: compressor bug"


def test_rows_without_an_error_are_no_errors() -> None:
    """An error field that is null in most rows keeps nothing from being shortened."""
    block = compress_text(ROWS, store=InMemoryCCRStore())
    assert block.skipped is None
    assert block.tokens_after < block.tokens_before / 2
    assert "timeout" in block.text
    assert "web-41" in block.text


@pytest.mark.parametrize("lines", [600, 601, 3000])
def test_a_log_is_shortened(lines: int) -> None:
    """Plain lines with one error among them shrink, and the error is shown."""
    text = "\n".join(
        f"10:00:{n % 60:02} worker-{n % 4} "
        + ("ERROR disk full on web-7 300" if n == 300 else f"done in {n % 17} ms")
        for n in range(lines)
    )
    store = InMemoryCCRStore()
    sent = compress(result(text), store=store)
    assert sent.tokens_after < sent.tokens_before / 4
    assert FOUND in str(sent.messages[-1].content)


@tool
def search(q: str) -> str:
    """Search for something."""
    return q


def test_the_callers_tools_stand_as_they_would(client: str) -> None:
    """Bound tools go out as the bare model sends them, with one more behind."""
    with CLIENTS[client][0](["Fine."] * 2) as server:
        make = CLIENTS[client][1]
        for model in (make(server.url), HeadroomChatModel(make(server.url))):
            model.bind_tools([search], tool_choice="auto").invoke(question())
        bare, sent = bodies(server)
    assert sent["tools"][:-1] == bare["tools"]
    assert body_without_texts(sent) == body_without_texts(bare)
