"""The laws of compression, over every kind of text and both stores."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from conversations import called, conversations, results
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from outputs import MAKERS

from headroom_langchain import (
    CCRStore,
    CompressionPolicy,
    InMemoryCCRStore,
    SqliteCCRStore,
    acompress,
    compress,
)
from headroom_langchain.ccr.marker import is_marked, marked_keys
from headroom_langchain.compression import shorten as shortening
from headroom_langchain.compression.registry import registered
from headroom_langchain.plan.messages import METADATA_KEY
from headroom_langchain.tokens import estimate_tokens

EVERYTHING = CompressionPolicy(
    roles=frozenset({"tool", "human", "system", "assistant"}),
    trigger=("tokens", 20),
    exclude_tools=(),
)


def content(message: BaseMessage) -> str:
    assert isinstance(message.content, str)
    return message.content


@given(text=results())
@settings(deadline=None, max_examples=60)
def test_reversible(text: str) -> None:
    """What a marker's hash returns is what the tool wrote, in both stores."""
    with TemporaryDirectory() as folder, SqliteCCRStore(Path(folder) / "o.db") as file:
        for store in (InMemoryCCRStore(), file):
            result = compress(called(text), store=store)
            sent = content(result.messages[-1])
            for key in marked_keys(sent):
                original = store.get(key)
                assert original is not None
                assert original.content == text
            assert bool(result.blocks[-1].key) == bool(marked_keys(sent))


@given(messages=conversations())
@settings(deadline=None, max_examples=40)
def test_redeemable_without_a_store(messages: list[BaseMessage]) -> None:
    """Nobody could redeem a marker without a store, so there is none."""
    for policy in (CompressionPolicy(), CompressionPolicy(retrieval=False, lossy=True)):
        result = compress(messages, policy=policy)
        assert all(block.key is None for block in result.blocks)
        assert not any(marked_keys(str(m.content)) for m in result.messages)


@given(messages=conversations())
@settings(deadline=None, max_examples=40)
def test_causal(messages: list[BaseMessage]) -> None:
    """A message's form depends on nothing behind it, so requests extend each other."""
    whole = compress(messages, store=InMemoryCCRStore()).messages
    for end in range(len(messages)):
        part = compress(messages[:end], store=InMemoryCCRStore()).messages
        assert part == whole[:end]


@given(text=results())
@settings(deadline=None, max_examples=25)
def test_causal_whoever_counts(text: str) -> None:
    """No decision depends on which tokenizer counts the figures."""
    exact = compress(called(text), store=InMemoryCCRStore())
    coarse = compress(called(text), store=InMemoryCCRStore(), token_counter=len)
    assert coarse.messages == exact.messages
    assert coarse.tokens_before > exact.tokens_before


@given(messages=conversations())
@settings(deadline=None, max_examples=40)
def test_idempotent(messages: list[BaseMessage]) -> None:
    """Compressing twice changes nothing, with metadata and without."""
    store = InMemoryCCRStore()
    once = compress(messages, store=store, policy=EVERYTHING).messages
    assert compress(once, store=store, policy=EVERYTHING).messages == once
    bare = [m.model_copy(update={"response_metadata": {}}) for m in once]
    assert compress(bare, store=store, policy=EVERYTHING).messages == bare


def test_idempotent_for_what_was_retrieved() -> None:
    """What the retrieve tool returned is never compressed."""
    messages = called(MAKERS["logs"](400), tool="headroom_retrieve")
    result = compress(messages, store=InMemoryCCRStore(), policy=EVERYTHING)
    assert result.messages[-1] is messages[-1]


@given(messages=conversations())
@settings(deadline=None, max_examples=40)
def test_never_larger(messages: list[BaseMessage]) -> None:
    """No text grows, marker included."""
    result = compress(messages, store=InMemoryCCRStore(), policy=EVERYTHING)
    for given_message, sent in zip(messages, result.messages, strict=True):
        before, after = content(given_message), content(sent)
        assert len(after) <= len(before)
        assert estimate_tokens(after) <= estimate_tokens(before)
    assert all(b.tokens_after <= b.tokens_before for b in result.blocks)


BY_LINES = ("code", "config", "diff", "listing", "logs", "search", "table", "text")
"""Kinds of which whole lines are shown."""


@pytest.mark.parametrize("kind", BY_LINES)
@given(odd=st.lists(st.text(alphabet="ab c:/.", max_size=30), max_size=6))
@settings(deadline=None, max_examples=30)
def test_honest(kind: str, odd: list[str]) -> None:
    """Every line shown is a line of the original, or a summary in brackets.

    Where a line is cut, a mark stands for what is missing.
    """
    text = MAKERS[kind](200, odd)
    sent = content(compress(called(text), store=InMemoryCCRStore()).messages[-1])
    lines = text.splitlines()
    for line in sent.splitlines():
        if not (line.startswith("[") and line.endswith("]")):
            assert any(_is_of(line, original) for original in lines), line


def _is_of(shown: str, original: str) -> bool:
    """Tell whether a line is an original one, or parts of it with marks between."""
    at = 0
    for part in shown.split("…"):
        at = original.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return "…" in shown or shown == original


@pytest.mark.parametrize("maker", sorted(MAKERS))
def test_fail_open_in_a_compressor(maker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compressor that raises sends the original, and the report says so."""

    def broken(*_: object, **__: object) -> None:
        msg = "compressor bug"
        raise ZeroDivisionError(msg)

    monkeypatch.setattr(shortening, "shorten", broken)
    messages = called(MAKERS[maker](200))
    result = compress(messages, store=InMemoryCCRStore())
    assert result.messages[-1] is messages[-1]
    assert result.blocks[-1].skipped == "failed: ZeroDivisionError: compressor bug"


class Full(CCRStore):
    """A store that cannot be written."""

    def put_many(self, originals: Any, *, namespace: str = "") -> None:
        msg = "disk full"
        raise OSError(msg)

    def get_many(self, keys: Any, *, namespace: str = "") -> dict[str, Any]:
        return {}


def test_fail_open_in_a_store() -> None:
    """A store that cannot be written leaves no marker, and the notes say why."""
    messages = called(MAKERS["logs"](400))
    result = compress(messages, store=Full())
    again = asyncio.run(acompress(messages, store=Full()))
    assert result == again
    assert not is_marked(content(result.messages[-1]))
    assert result.notes == ("originals were not kept: OSError: disk full",)


EXTRA: dict[str, Any] = {
    "id": "m1",
    "name": "run",
    "additional_kwargs": {"custom": {"deep": [1]}},
    "response_metadata": {"origin": "here"},
}
BIG = MAKERS["logs"](400)
COPIED: dict[str, Callable[[Any], BaseMessage]] = {
    "tool": lambda c: ToolMessage(
        c, tool_call_id="c", status="error", artifact={"raw": 1}, **EXTRA
    ),
    "function": lambda c: FunctionMessage(content=c, **EXTRA),
    "human": lambda c: HumanMessage(c, **EXTRA),
    "system": lambda c: SystemMessage(c, **EXTRA),
    "chat": lambda c: ChatMessage(content=c, role="developer", **EXTRA),
    "assistant": lambda c: AIMessage(
        c,
        usage_metadata={"input_tokens": 1, "output_tokens": 1, "total_tokens": 2},
        **EXTRA,
    ),
}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}


@pytest.mark.parametrize("kind", sorted(COPIED))
@pytest.mark.parametrize("listed", [False, True])
def test_copy_only(kind: str, *, listed: bool) -> None:
    """Every field that is not rewritten is as it was, for every class of message."""
    block = {"type": "text", "text": BIG, "cache_control": {"type": "ephemeral"}}
    message = COPIED[kind]([IMAGE, block] if listed else BIG)
    before = message.model_copy(deep=True)
    result = compress([message], store=InMemoryCCRStore(), policy=EVERYTHING)
    sent = result.messages[0]
    assert message == before
    assert type(sent) is type(message)
    merged_by_langchain = kind in {"human", "system", "chat"}
    beside = "additional_kwargs" if merged_by_langchain else "response_metadata"
    recorded = getattr(sent, beside).pop(METADATA_KEY)
    assert recorded == {"keys": [result.blocks[-1].key]}
    if listed:
        assert isinstance(sent.content, list)
        assert sent.content[0] == IMAGE
        rewritten = sent.content[1]
        assert isinstance(rewritten, dict)
        assert is_marked(rewritten.pop("text"))
        assert rewritten == {"type": "text", "cache_control": {"type": "ephemeral"}}
    else:
        assert is_marked(content(sent))
    assert sent.model_copy(update={"content": message.content}) == message


@given(messages=conversations())
@settings(deadline=None, max_examples=20)
def test_async_equals_sync(messages: list[BaseMessage]) -> None:
    """`acompress` decides as `compress` does."""
    sync = compress(messages, store=InMemoryCCRStore())
    assert asyncio.run(acompress(messages, store=InMemoryCCRStore())) == sync


def test_dicts_come_back_as_dicts() -> None:
    """Messages in OpenAI's form stay in it, and untouched ones are the same objects."""
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "What happened?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "c",
                    "type": "function",
                    "function": {"name": "run", "arguments": "{}"},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c", "content": BIG},
    ]
    result = compress(messages, store=InMemoryCCRStore())
    assert result.messages[0] is messages[0]
    assert result.messages[1] is messages[1]
    assert result.messages[2] == {
        **messages[2],
        "content": result.messages[2]["content"],
    }
    assert is_marked(result.messages[2]["content"])
    assert result.blocks[-1].tool == "run"


def test_results_inside_a_human_message_are_found() -> None:
    """Anthropic's `tool_result` blocks in a human message are tool results."""
    messages = [
        AIMessage([{"type": "tool_use", "id": "t1", "name": "run", "input": {"q": 1}}]),
        HumanMessage(
            [
                {"type": "tool_result", "tool_use_id": "t1", "content": BIG},
                {
                    "type": "tool_result",
                    "tool_use_id": "t2",
                    "content": [{"type": "text", "text": BIG}, IMAGE],
                },
                {"type": "text", "text": BIG},
            ]
        ),
    ]
    result = compress(messages, store=InMemoryCCRStore())
    blocks: Any = result.messages[1].content
    assert is_marked(blocks[0]["content"])
    assert is_marked(blocks[1]["content"][0]["text"])
    assert blocks[1]["content"][1] == IMAGE
    assert blocks[2] == {"type": "text", "text": BIG}
    assert [block.role for block in result.blocks] == ["tool", "tool", "human"]
    assert result.blocks[0].tool == "run"


@pytest.mark.parametrize(
    ("policy", "tool", "why"),
    [
        (CompressionPolicy(), "Read", "excluded tool"),
        (CompressionPolicy(), "GREP", "excluded tool"),
        (CompressionPolicy(exclude_tools=("sql_*",)), "sql_query", "excluded tool"),
        (CompressionPolicy(trigger=("tokens", 10**6)), "run", "below trigger"),
        (CompressionPolicy(roles=frozenset({"human"})), "run", "tool text"),
    ],
)
def test_what_is_left_alone(policy: CompressionPolicy, tool: str, why: str) -> None:
    """A text that the policy spares goes out as it is, and the report says why."""
    messages = called(BIG, tool=tool)
    result = compress(messages, store=InMemoryCCRStore(), policy=policy)
    assert result.messages[-1] is messages[-1]
    assert result.blocks[-1].skipped == why


@pytest.mark.parametrize("kind", MAKERS)
def test_a_text_is_read_as_what_it_is(kind: str) -> None:
    """Each maker's text is shortened by the compressor of its kind."""
    store = InMemoryCCRStore()
    block = compress(called(MAKERS[kind](300)), store=store).blocks[-1]
    assert block.kind == kind
    assert block.skipped is None


def test_every_compressor_is_tried() -> None:
    """The laws have a maker for each compressor."""
    assert set(MAKERS) == {compressor.kind for compressor in registered()}
