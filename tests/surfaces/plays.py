"""What the model says in each scenario, and what the caller should see of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    ToolMessage,
    UsageMetadata,
)
from langchain_core.messages.ai import add_usage
from surfaces import search

from headroom_langchain import InMemoryCCRStore, create_retrieve_tool
from headroom_langchain.ccr.rounds.machine import NOTHING_SAID
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.testing import Call, ScriptedChatModel, Turn
from headroom_langchain.testing.marker import RETRIEVE
from headroom_langchain.testing.shapes import Shape

BIG = "\n".join(
    f"2026-03-01 10:00:00 {'ERROR disk full on web-7' if n == 30 else 'INFO ok'} {n}"
    for n in range(60)
)
SMALL = "2026-03-01 10:00:00 ERROR disk full on web-7"

RETRIEVE_TOOL = create_retrieve_tool(InMemoryCCRStore())
OWN = Call(name="search", args={"q": "web-7"}, id="own_1")


def hidden(number: int, args: Any = None) -> Call:
    """Return a call of the retrieve tool, no two of which ask for the same."""
    asked = {"hash": content_key(BIG), "query": f"disk full {number}"}
    return Call(name=RETRIEVE, args=args or asked, id=f"secret_{number}")


def history(result: str) -> list[BaseMessage]:
    """Return a conversation that ends with the result of a tool."""
    call = {"name": "run", "args": {"command": "dmesg"}, "id": "call_1"}
    return [
        HumanMessage("What is wrong?", id="human_1"),
        AIMessage("", tool_calls=[call], id="ai_1"),
        ToolMessage(result, tool_call_id="call_1", name="run", id="tool_1"),
    ]


def usage(number: int) -> UsageMetadata:
    return {
        "input_tokens": 10 + number,
        "output_tokens": 2,
        "total_tokens": 12 + number,
        "input_token_details": {"cache_read": 3 + number},
    }


def turn(number: int, text: str = "", *calls: Call, reasoning: str = "") -> Turn:
    return Turn(text=text, reasoning=reasoning, tool_calls=calls, usage=usage(number))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What a model says in its rounds, and the text that a caller should read."""

    turns: tuple[Turn, ...]
    text: str
    cut_short: bool = False
    """Whether the model still asks when it may not any more."""

    def model(self, shape: Shape) -> ScriptedChatModel:
        """Make a model that plays the scenario for any number of callers.

        Which turn it plays follows from how often it spoke since the history.
        """

        def play(messages: list[BaseMessage]) -> Turn:
            spoken = sum(isinstance(message, AIMessage) for message in messages)
            return self.turns[spoken - 1]

        return ScriptedChatModel(turns=[play] * 20, shape=shape, chunking=5)

    @property
    def whole(self) -> Turn:
        """One turn that says what the caller should see."""
        own = [call for call in self.turns[-1].tool_calls if call.name != RETRIEVE]
        return Turn(
            text=self.text,
            reasoning="".join(turn.reasoning for turn in self.turns),
            tool_calls=tuple(own),
            usage=self.usage,
        )

    def twin(self, shape: Shape) -> ScriptedChatModel:
        """Make a model that says in one round what the caller should see."""
        return ScriptedChatModel(turns=[self.whole] * 2, shape=shape, chunking=5)

    @property
    def hides(self) -> bool:
        """Whether the model asks for an original."""
        return any(
            call.name == RETRIEVE for turn in self.turns for call in turn.tool_calls
        )

    @property
    def usage(self) -> UsageMetadata:
        """What all rounds cost together."""
        costs = [turn.usage for turn in self.turns]
        return reduce(add_usage, costs)  # type: ignore[return-value] # all turns have one

    def by_hand(
        self, model: Any, messages: Sequence[BaseMessage], *, stream: bool
    ) -> list[AIMessage]:
        """Play the scenario on a bare model to which the tool is visible."""
        offered = model.bind_tools([search, RETRIEVE_TOOL])
        sent, rounds = list(messages), []
        for _ in self.turns:
            said = _said(offered, sent, stream=stream)
            rounds.append(said)
            calls = [*said.tool_calls, *said.invalid_tool_calls]
            sent += [said]
            sent += [
                ToolMessage("any text", tool_call_id=call["id"] or "", name=RETRIEVE)
                for call in calls
            ]
        return rounds


def _said(model: Any, messages: list[BaseMessage], *, stream: bool) -> AIMessage:
    if not stream:
        answer: AIMessage = model.invoke(messages)
        return answer
    first, *rest = model.stream(messages)
    whole: AIMessage = first.__add__(rest)
    return whole


SCENARIOS = {
    "no retrieval": Scenario(
        turns=(turn(0, "The disk is full.", reasoning="Hm."),),
        text="The disk is full.",
    ),
    "one": Scenario(
        turns=(
            turn(0, "Let me look.", hidden(1), reasoning="Hm."),
            turn(1, "The disk is full."),
        ),
        text="Let me look.\n\nThe disk is full.",
    ),
    "three": Scenario(
        turns=(
            turn(0, "First.", hidden(1)),
            turn(1, "", hidden(2), hidden(3)),
            turn(2, "Then this.\n", hidden(4)),
            turn(3, "Done."),
        ),
        text="First.\n\nThen this.\nDone.",
    ),
    "mixed": Scenario(
        turns=(turn(0, "Both.", OWN, hidden(1)),),
        text="Both.",
    ),
    "mixed later": Scenario(
        turns=(turn(0, "Look.", hidden(1)), turn(1, "Both.", hidden(2), OWN)),
        text="Look.\n\nBoth.",
    ),
    "over the limit": Scenario(
        turns=tuple(turn(n, f"Ask {n}.", hidden(n)) for n in range(5)),
        text="Ask 0.\n\nAsk 1.\n\nAsk 2.\n\nAsk 3.\n\nAsk 4.",
        cut_short=True,
    ),
    "never a word": Scenario(
        turns=tuple(turn(n, "", hidden(n)) for n in range(5)),
        text=NOTHING_SAID,
        cut_short=True,
    ),
    "malformed": Scenario(
        turns=(
            turn(0, "Let me look.", hidden(1, '{"hash": "0123')),
            turn(1, "The disk is full."),
        ),
        text="Let me look.\n\nThe disk is full.",
    ),
    "malformed beside an own call": Scenario(
        turns=(turn(0, "Both.", OWN, hidden(1, '{"hash": "0123')),),
        text="Both.",
    ),
}

WELL_FORMED = sorted(name for name in SCENARIOS if "malformed" not in name)
"""Scenarios that can be played by hand: a client sends no broken arguments back."""
