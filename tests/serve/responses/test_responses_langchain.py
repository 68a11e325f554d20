from __future__ import annotations

from typing import Any

import httpx
import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.messages.tool import tool_call
from langchain_openai import ChatOpenAI
from pydantic import SecretStr
from scripted_responses import (
    LONG,
    SEARCH,
    Provider,
    Through,
    call,
    hidden,
    message,
    thought,
)

ROUNDS = [
    [thought("rs_1", encrypted_content="one"), hidden("h1")],
    [thought("rs_2", encrypted_content="two"), hidden("h2"), call("own")],
    [message("msg_3", "The disk is full.")],
]


@pytest.mark.parametrize(
    ("way", "version", "more"),
    [
        ("invoke", "v0", {}),
        ("stream", "v0", {"store": False}),
        ("invoke", "responses/v1", {"store": False}),
        ("stream", "responses/v1", {"chained": True}),
        ("stream", "v1", {}),
        ("invoke", "v1", {"chained": True}),
    ],
)
def test_chat_openai_goes_on_with_what_it_was_shown(
    way: str, version: str, more: dict[str, Any]
) -> None:
    """LangChain's client sees one answer, and every request it makes of it is valid."""
    through = Through(Provider(ROUNDS))
    transport = httpx.MockTransport(through.handle)
    http: Any = httpx.Client(transport=transport)
    chained = more.get("chained", False)
    model = ChatOpenAI(
        model="gpt-x",
        api_key=SecretStr("x"),
        base_url="http://x/v1",
        http_client=http,
        use_responses_api=True,
        use_previous_response_id=chained,
        output_version=version,
        store=more.get("store"),
    ).bind_tools([SEARCH])
    made = AIMessage(content="", tool_calls=[tool_call(id="c", name="search", args={})])
    said: list[BaseMessage] = [
        HumanMessage("Why?"),
        made,
        ToolMessage(LONG, tool_call_id="c"),
    ]
    answer = _said(model, way, said)
    assert [one["id"] for one in answer.tool_calls] == ["call_own"]
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["total_tokens"] == 220
    said += [answer, ToolMessage("x", tool_call_id="call_own")]
    assert _said(model, way, said).text == "The disk is full."
    sent = through.provider.got[-1]["input"]
    told = {one["call_id"]: one["output"] for one in sent if "output" in one}
    assert told["call_own"] == "x"
    assert told["call_h2"] == "told call_h2"


def _said(model: Any, way: str, messages: list[BaseMessage]) -> AIMessage:
    if way == "invoke":
        answer: AIMessage = model.invoke(messages)
        return answer
    first, *rest = model.stream(messages)
    summed: AIMessage = first.__add__(rest)
    return summed
