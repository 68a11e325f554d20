"""A mistaken call costs little: its answer says what there is to ask for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asking import (
    ANSWERED,
    KEY,
    MESSAGES,
    ROWS,
    UNKNOWN,
    Arguments,
    retrieve,
    told,
)
from conversations import called
from ways import WAYS, Ask

from headroom_langchain import (
    HeadroomChatModel,
    InMemoryCCRStore,
    Original,
)
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME, marked_keys
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.plan.messages import with_keys
from headroom_langchain.testing import (
    ScriptedChatModel,
    TurnLike,
)
from headroom_langchain.tokens import estimate_tokens


@pytest.fixture(params=WAYS)
def ask(request: pytest.FixtureRequest) -> Ask:
    """Each way to call a model in turn."""
    way: Ask = request.param
    return way


MISTAKES: dict[str, Arguments] = {
    "an unknown hash": {"hash": UNKNOWN},
    "words for a hash": {"hash": "the errors of web-417"},
    "a hash that is too long": {"hash": KEY + "0"},
    "a hash that is too short": {"hash": KEY[:5]},
    "no hash": {"query": "disk"},
    "null": {"hash": None},
    "a number": {"hash": 17},
    "a list": {"hash": [17, None]},
    "an object": {"hash": {"key": "disk"}},
    "nothing": {},
    "broken JSON": '{"hash": "94',
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_with_what_there_is(ask: Ask, mistake: str) -> None:
    """A mistake is told which hashes there are, newest first, and what they are."""
    inner = ScriptedChatModel(turns=[retrieve(MISTAKES[mistake]), ANSWERED])
    assert ask(HeadroomChatModel(inner), MESSAGES).text == ANSWERED
    (answer,) = told(inner)
    assert f"- {KEY}: logs of run_tests, 600 lines" in answer
    assert f"- {content_key(ROWS)}: json records of list_hosts, " in answer
    assert answer.index(f"- {content_key(ROWS)}") < answer.index(f"- {KEY}")
    assert "hash" in answer.split("\n")[0]
    assert estimate_tokens(answer) <= 250


UNDERSTOOD: dict[str, Any] = {
    "upper case": KEY.upper(),
    "the marker": f'[headroom: 9 of 600 lines hidden; {RETRIEVE_TOOL_NAME}(hash="{KEY}'
    '", query) returns them]',
    "quotes": f'"{KEY}"',
    "the argument": f"hash={KEY}",
    "a list": [KEY],
    "an object": {"hash": KEY, "key": None},
    "JSON": json.dumps({"hash": [KEY]}),
    "bold with dots": f"**{KEY}**...",
    "twice": f"{KEY},{KEY.upper()}",
}


@pytest.mark.parametrize("written", UNDERSTOOD)
def test_a_hash_is_understood_however_it_is_written(ask: Ask, written: str) -> None:
    """What stands around a hash, and its case, do no harm."""
    asks = retrieve({"hash": UNDERSTOOD[written], "query": "web-417 full"})
    inner = ScriptedChatModel(turns=[asks, ANSWERED])
    ask(HeadroomChatModel(inner), MESSAGES)
    assert told(inner)[0].count("the disk of web-417 is full") == 1


def test_the_only_original_needs_no_hash(ask: Ask) -> None:
    """A query without a hash is answered from the one original there is, by name."""
    asks = retrieve({"query": "web-417 full"}, {"hash": "", "lines": "1-3"}, {})
    inner = ScriptedChatModel(turns=[asks, ANSWERED])
    ask(HeadroomChatModel(inner), MESSAGES[:-2])
    found, page, refused = told(inner)
    assert found.startswith(f"Passages of {KEY}")
    assert "the disk of web-417 is full" in found
    assert page.startswith(f"Lines 1-3 of 600, of {KEY}")
    assert refused.startswith("`hash` is missing")


def test_one_of_two_originals_needs_its_hash(ask: Ask) -> None:
    """A query without a hash says what there is where several may be meant."""
    asks = retrieve({"query": "web-417 full"})
    inner = ScriptedChatModel(turns=[asks, ANSWERED])
    ask(HeadroomChatModel(inner), MESSAGES)
    assert told(inner)[0].startswith("`hash` is missing")


def test_a_hash_cut_short_is_completed_and_not_guessed(ask: Ask) -> None:
    """The beginning of a hash gets the whole of it, and no content."""
    inner = ScriptedChatModel(turns=[retrieve({"hash": KEY[:12]}), ANSWERED])
    ask(HeadroomChatModel(inner), MESSAGES)
    assert f'The full hash is hash="{KEY}"' in told(inner)[0]
    assert "web-417" not in told(inner)[0]


def test_only_hashes_of_the_conversation_are_named(ask: Ask) -> None:
    """What others keep in the same namespace is neither answered nor named."""
    store = InMemoryCCRStore()
    other = Original.of("the secret of somebody else " * 50, tool="read_mail")
    store.put(other)
    turns: list[TurnLike]
    turns = [retrieve({"hash": other.key}, {"hash": other.key[:10]}), ANSWERED]
    inner = ScriptedChatModel(turns=turns)
    ask(HeadroomChatModel(inner, store=store), MESSAGES)
    for answer, asked in zip(told(inner), (other.key, other.key[:10]), strict=True):
        assert answer.startswith("Not found")
        assert "secret" not in answer
        assert "read_mail" not in answer
        assert answer.count(other.key[:10]) == asked.count(other.key[:10])


@pytest.mark.parametrize("kept", [True, False])
def test_only_what_can_still_be_read_is_named(ask: Ask, *, kept: bool) -> None:
    """A hash that only a message's metadata knows is named while its store has it."""
    store = InMemoryCCRStore()
    old = Original.of("a line\n" * 300, kind="text", tool="read_wiki")
    if kept:
        store.put(old)
    short = with_keys(called("…", tool="read_wiki", number=9)[1], [old.key])
    inner = ScriptedChatModel(turns=[retrieve({"hash": UNKNOWN}), ANSWERED])
    history = [called("…", tool="read_wiki", number=9)[0], short, *MESSAGES]
    ask(HeadroomChatModel(inner, store=store), history)
    assert (f"- {old.key}: text of read_wiki, 300 lines" in told(inner)[0]) == kept
    assert (old.key in told(inner)[0]) == kept
    named = [row[2:26] for row in told(inner)[0].split("\n") if row.startswith("- ")]
    assert named == [content_key(ROWS), KEY, *([old.key] if kept else [])]


def test_an_original_that_is_gone_is_not_named_again(ask: Ask) -> None:
    """A recorded hash without its original says so, beside those that are there."""
    short = with_keys(called("…", number=9)[1], [UNKNOWN])
    history = [called("…", number=9)[0], short, *MESSAGES]
    inner = ScriptedChatModel(turns=[retrieve({"hash": UNKNOWN}), ANSWERED])
    ask(HeadroomChatModel(inner), history)
    (answer,) = told(inner)
    assert answer.count(UNKNOWN) == 1
    assert "no longer kept" in answer
    assert f"- {KEY}" in answer


def test_several_hashes_in_one_call(ask: Ask) -> None:
    """Two originals and a wrong hash are each answered, within one budget."""
    asked = {
        "hash": f"{KEY},{UNKNOWN},{content_key(ROWS)}",
        "query": "web-417 host-150",
    }
    inner = ScriptedChatModel(turns=[retrieve(asked), ANSWERED])
    ask(HeadroomChatModel(inner), MESSAGES)
    (answer,) = told(inner)
    assert "the disk of web-417 is full" in answer
    assert "host-150" in answer
    assert f"nothing is stored under `{UNKNOWN}`" in answer
    assert estimate_tokens(answer) <= 1000
    assert marked_keys(inner.requests[0].messages[-1].text) == [content_key(ROWS)]
