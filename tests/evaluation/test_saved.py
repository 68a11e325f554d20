"""Saved conversations are found, whatever wrote them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, ToolMessage
from saving import QUESTION, RECORDS, SAVED, conversation

from headroom_langchain.evaluation.conversations import conversations_in
from headroom_langchain.evaluation.replay import Replay
from headroom_langchain.evaluation.saved import (
    Conversation,
    Unread,
    read_saved,
    short_names,
)
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.tokens import estimate_tokens


def _read(path: Path) -> list[Conversation]:
    found = list(read_saved([str(path)]))
    assert all(isinstance(each, Conversation) for each in found)
    return [each for each in found if isinstance(each, Conversation)]


@pytest.mark.parametrize("way", SAVED)
def test_a_conversation_is_found_however_it_was_saved(way: str, tmp_path: Path) -> None:
    """Every form gives one conversation, whose large result is found and shortened."""
    file = tmp_path / "saved.json"
    file.write_text(SAVED[way](conversation()))
    [found] = _read(file)
    assert not found.output
    replayed = Replay(CompressionPolicy(), estimate_tokens).run(found)
    large = [t for t in replayed.texts if t.before == RECORDS]
    assert [text.report.tool for text in large] == ["hosts"]
    assert large[0].report.kind == "json_records"
    assert "web-77" in large[0].after
    assert replayed.requests == 3
    assert replayed.breaks == 0


@pytest.mark.parametrize("way", ["dumpd", "openai", "langsmith lines", "state"])
def test_what_was_said_comes_back_as_it_was(way: str, tmp_path: Path) -> None:
    """Roles, texts, calls and their ids are those of the conversation."""
    file = tmp_path / "saved.json"
    file.write_text(SAVED[way](conversation()))
    [found] = _read(file)
    pairs = zip(found.messages, conversation(), strict=True)
    for read, said in pairs:
        assert type(read) is type(said)
        assert read.text == said.text
        if isinstance(read, AIMessage) and isinstance(said, AIMessage):
            assert read.tool_calls == said.tool_calls
        if isinstance(read, ToolMessage) and isinstance(said, ToolMessage):
            assert read.tool_call_id == said.tool_call_id


def test_an_earlier_turn_is_not_counted_beside_the_later_one() -> None:
    """A conversation that another one begins with is left out, and one copy of two."""
    whole = [message.model_dump() for message in conversation()]
    other = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "?"}]
    found = conversations_in([whole[:3], whole, other, whole, whole[:5]])
    assert [len(messages) for messages in found] == [7, 2]


@pytest.mark.parametrize(
    "text",
    [
        RECORDS,
        '{"messages": [{"type": "message", "user": "U1", "text": "hello"}]}',
        '[{"role": "admin", "name": "ann"}, {"role": "user", "name": "bob"}]',
        '{"messages": []}',
        "not json",
        "[1, 2",
        "",
    ],
)
def test_any_other_text_is_the_output_of_a_tool(text: str, tmp_path: Path) -> None:
    """A file without conversations becomes the result of one call."""
    file = tmp_path / "output"
    file.write_text(text)
    [found] = list(read_saved([str(file)], tool="shell", question=QUESTION))
    assert isinstance(found, Conversation)
    assert found.output
    assert found.messages[0].text == QUESTION
    assert found.messages[-1].content == text
    assert found.messages[-1].name == "shell"


def test_folders_are_read_in_the_order_of_names(tmp_path: Path) -> None:
    """Folders are walked, hidden files passed over, and what cannot be read is told."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.txt").write_text("two")
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / ".hidden").write_text("x")
    (tmp_path / "c.bin").write_bytes(b"\x00\x01")
    missing = tmp_path / "missing"
    found = list(read_saved([str(tmp_path), str(missing)]))
    names = [Path(each.name).name for each in found]
    assert names == ["a.txt", "two.txt", "c.bin", "missing"]
    reasons = [each.reason for each in found if isinstance(each, Unread)]
    assert reasons == ["binary", "No such file or directory"]


def test_names_are_shown_without_the_folders_they_share() -> None:
    """Names lose what all of them begin with, and never all they have."""
    assert short_names(["/x/y/a", "/x/y/z/b"]) == ("a", str(Path("z/b")))
    assert short_names(["/x/y/a"]) == ("a",)
    assert short_names(["a", "a"]) == ("a", "a")
    assert short_names([]) == ()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                "messages role type content data runs run_type inputs outputs "
                "tool_calls generations input kwargs".split()
            ),
            inner | st.sampled_from(["user", "llm", "human", "tool", "constructor"]),
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(_JSON)
def test_no_json_is_refused(value: object) -> None:
    """Any JSON value gives conversations or none, and never an error."""
    found = conversations_in(json.loads(json.dumps(value)))
    assert all(len(messages) > 1 for messages in found)
