"""A setting that exists does something, in the policy and in a single call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.messages.ai import UsageMetadata
from tool_results import LOG, result

from headroom_langchain import (
    CompressionPolicy,
    HeadroomChatModel,
    RetrievalTimeoutError,
    ToolRule,
)
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME, is_marked, marked_keys
from headroom_langchain.ccr.retrieval.measure import measure
from headroom_langchain.ccr.rounds.answering import NO_MORE
from headroom_langchain.ccr.rounds.record import DROPPED
from headroom_langchain.testing import Call, Request, ScriptedChatModel, Turn
from headroom_langchain.tokens import estimate_tokens

PROSE = "\n\n".join(f"## Part {n}\n\nSome words about {n}." for n in range(300))
SPENT = UsageMetadata(input_tokens=10, output_tokens=1, total_tokens=11)


def asks_twice(messages: list[BaseMessage]) -> Turn:
    """Ask for two parts of the first marked text, if there is one."""
    keys = [key for message in messages for key in marked_keys(message.text)]
    if not keys:
        return Turn(text="Nothing to look up.")
    parts = ({"hash": keys[0], "lines": lines} for lines in ("1-300", "301-600"))
    calls = (Call(name=RETRIEVE_TOOL_NAME, args=part) for part in parts)
    return Turn(text="Let me look.", tool_calls=tuple(calls), usage=SPENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What could be seen of some calls under one policy."""

    plain: Request
    """A call without tools, with nothing large in it."""
    first: Request
    """A call with a large text of everybody's, before a retrieval."""
    told: tuple[str, ...]
    """What the model was told in that call."""
    answer: AIMessage | None
    """The answer to it; `None` when it came too late."""
    later: Request | None
    """The call after that answer."""
    forced: Request
    """A call in which one tool must be called."""

    def text(self, kind: type[BaseMessage]) -> str:
        return next(m.text for m in self.first.messages if isinstance(m, kind))


def play(policy: CompressionPolicy, settings: dict[str, Any]) -> Played:
    """Make the same calls under any policy."""
    config: Any = {"configurable": settings}

    def call(*turns: Any, messages: Any, **arguments: Any) -> Any:
        inner = ScriptedChatModel(turns=turns)
        model = HeadroomChatModel(inner, policy=policy)
        try:
            return inner.requests, model.invoke(messages, config, **arguments)
        except RetrievalTimeoutError:
            return inner.requests, None

    own = {"type": "function", "function": {"name": "run", "parameters": {}}}
    history = [HumanMessage(LOG), *result(LOG), *result(PROSE, number=2)]
    (plain,), _ = call("fine", messages="short")
    rounds, answer = call(
        asks_twice, Turn(text="So.", usage=SPENT), messages=history, tools=[own]
    )
    later = None
    if answer is not None:
        (later,), _ = call("fine", messages=[*history, answer], tools=[own])
    choice = {"type": "function", "function": {"name": "run"}}
    (forced,), _ = call("fine", messages=history, tools=[own], tool_choice=choice)
    return Played(
        plain=plain,
        first=rounds[0],
        told=tuple(m.text for m in rounds[-1].messages[len(history) :] if is_told(m)),
        answer=answer,
        later=later,
        forced=forced,
    )


def is_told(message: BaseMessage) -> bool:
    return isinstance(message, ToolMessage) and message.name == RETRIEVE_TOOL_NAME


def offers(request: Request) -> bool:
    return RETRIEVE_TOOL_NAME in str(request.tools)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What changes when a field has another value."""

    value: Any
    look: Callable[[Played], Any]
    before: Any
    after: Any
    base: CompressionPolicy = field(default_factory=CompressionPolicy)


EFFECTS: dict[str, Effect] = {
    "trigger": Effect(
        value=("tokens", 10**6),
        look=lambda p: is_marked(p.text(ToolMessage)),
        before=True,
        after=False,
    ),
    "roles": Effect(
        value=frozenset({"human"}),
        look=lambda p: (
            is_marked(p.text(HumanMessage)),
            is_marked(p.text(ToolMessage)),
        ),
        before=(False, True),
        after=(True, False),
    ),
    "exclude_tools": Effect(
        value=("r*n",),
        look=lambda p: p.text(ToolMessage) == LOG,
        before=False,
        after=True,
    ),
    "tools": Effect(
        value={"r?n": ToolRule(compress=False)},
        look=lambda p: p.text(ToolMessage) == LOG,
        before=False,
        after=True,
    ),
    "budget": Effect(
        value=0.5,
        look=lambda p: estimate_tokens(p.first.messages[-1].text) > 1500,
        before=True,
        after=False,
    ),
    "preset": Effect(
        value="lossless",
        look=lambda p: is_marked(p.text(ToolMessage)),
        before=True,
        after=False,
    ),
    "retrieval": Effect(
        value=False, look=lambda p: offers(p.first), before=True, after=False
    ),
    "lossy": Effect(
        value=True,
        look=lambda p: "hidden]" in p.text(ToolMessage),
        before=False,
        after=True,
        base=CompressionPolicy(retrieval=False),
    ),
    "offer": Effect(
        value="always", look=lambda p: offers(p.plain), before=False, after=True
    ),
    "when_forced": Effect(
        value="original",
        look=lambda p: p.forced.messages[2].text == LOG,
        before=False,
        after=True,
    ),
    "replay": Effect(
        value="never",
        look=lambda p: p.later is not None and any(map(is_told, p.later.messages)),
        before=True,
        after=False,
    ),
    "usage": Effect(
        value="last",
        look=lambda p: p.answer is not None and p.answer.usage_metadata == SPENT,
        before=False,
        after=True,
    ),
    "max_rounds": Effect(
        value=0, look=lambda p: NO_MORE in p.told, before=False, after=True
    ),
    "round_timeout": Effect(
        value=1e-9, look=lambda p: p.answer is None, before=False, after=True
    ),
    "max_retrieval_tokens": Effect(
        value=200,
        look=lambda p: [measure(text) <= 200 for text in p.told],
        before=[False, False],
        after=[True, True],
    ),
    "max_round_tokens": Effect(
        value=500,
        look=lambda p: sum(map(measure, p.told)) <= 500,
        before=False,
        after=True,
    ),
    "max_record_tokens": Effect(
        value=0, look=lambda p: DROPPED in str(p.answer), before=False, after=True
    ),
}


def test_every_setting_is_looked_at() -> None:
    """A field that is added to the policy is added here, with what it does."""
    assert set(EFFECTS) == set(CompressionPolicy.model_fields)


@pytest.mark.parametrize("by_call", [False, True], ids=["policy", "call"])
@pytest.mark.parametrize("name", sorted(EFFECTS))
def test_every_setting_has_its_effect(name: str, *, by_call: bool) -> None:
    """Each field changes what its documentation says, for all calls or for one."""
    effect = EFFECTS[name]
    changed = effect.base.model_copy(update={name: effect.value})
    assert effect.look(play(effect.base, {})) == effect.before
    if by_call:
        seen = play(effect.base, {f"headroom_{name}": effect.value})
    else:
        seen = play(changed, {})
    assert effect.look(seen) == effect.after
