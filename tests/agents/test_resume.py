"""A conversation goes on in a new process as if the old one had not ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args

import pytest
from langchain_core.messages import AIMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from one_process import Plan
from three_turns import (
    ANSWERS,
    QUESTIONS,
    SERVERS,
    THREAD,
    Seam,
    agent_of,
    model_of,
    prefix_of,
    sensible,
    ticket,
)

from headroom_langchain.testing.marker import RETRIEVE

PROGRAM = Path(__file__).with_name("one_process.py")
SECONDS = 120

Pause = Literal["between turns", "before tools", "for approval"]
"""Where the first process ends; the latter two between a mixed turn and its result."""

Place = tuple[str, Seam, str, bool]

PLACES: list[Place] = [
    ("create_agent", "wrapped", "chat", False),
    ("create_agent", "middleware", "responses", True),
    ("create_react_agent", "wrapped", "responses", False),
    ("hand_written", "wrapped", "anthropic", True),
    ("deepagents", "wrapped", "chat", True),
    ("deepagents", "middleware", "anthropic", False),
]
CASES: list[tuple[Place, Pause]] = [
    (place, pause)
    for place in PLACES
    for pause in get_args(Pause)
    if pause != "for approval" or place[0] in ("create_agent", "deepagents")
]
APPROVED: Any = {"decisions": [{"type": "approve"}]}
STEPS: dict[Pause, tuple[list[Any], list[Any]]] = {
    "between turns": ([*QUESTIONS[:2]], [QUESTIONS[2]]),
    "before tools": ([QUESTIONS[0], None, QUESTIONS[1]], [None, QUESTIONS[2]]),
    "for approval": ([*QUESTIONS[:2]], [APPROVED, QUESTIONS[2]]),
}
"""What happens in the first process and in the second."""

SAID: dict[Pause, list[str]] = {
    "between turns": [*ANSWERS],
    "before tools": ["I read the log.", ANSWERS[0], "I look.", *ANSWERS[1:]],
    "for approval": [ANSWERS[0], "I look.", *ANSWERS[1:]],
}
"""What the last message says after each step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """A conversation held by two processes."""

    pause: Pause
    said: list[str]
    sent: list[Any]
    """The bodies of all requests."""
    before: int
    """How many of them the first process made."""


def in_a_process(plans: Sequence[Plan]) -> list[list[str]]:
    """Carry out plans in a process of their own."""
    done = subprocess.run(
        [sys.executable, PROGRAM, json.dumps(plans)],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr.decode()
    said: list[list[str]] = json.loads(done.stdout)
    return said


def plan_of(place: Place, pause: Pause, part: int, url: str, file: Path) -> Plan:
    maker, seam, client, asynchronous = place
    stops = pause == "before tools" and part == 0
    return Plan(
        maker=maker,
        seam=seam,
        client=client,
        url=url,
        file=str(file),
        asynchronous=asynchronous,
        steps=STEPS[pause][part],
        made_with={"interrupt_on": {"owner": True}} if pause == "for approval" else {},
        called_with={"interrupt_before": ["tools"]} if stops else {},
    )


@pytest.fixture(scope="module")
def all_resumed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Resumed]]:
    """Every conversation, all first parts in one process, all others in the next."""
    folder = tmp_path_factory.mktemp("checkpoints")
    with ExitStack() as stack:
        servers = [
            stack.enter_context(SERVERS[place[2]](sensible)) for place, _ in CASES
        ]
        parts = []
        counts = []
        for part in (0, 1):
            plans = [
                plan_of(place, pause, part, server.url, folder / f"{number}.db")
                for number, ((place, pause), server) in enumerate(
                    zip(CASES, servers, strict=True)
                )
            ]
            counts.append([len(server.requests) for server in servers])
            parts.append(in_a_process(plans))
        yield [
            Resumed(
                pause=pause,
                said=[*parts[0][number], *parts[1][number]],
                sent=[query.received.body for query in servers[number].requests],
                before=counts[1][number],
            )
            for number, (_, pause) in enumerate(CASES)
        ]


@pytest.fixture(
    params=range(len(CASES)),
    ids=[f"{'-'.join(map(str, place))}-{pause}" for place, pause in CASES],
)
def resumed(request: pytest.FixtureRequest, all_resumed: list[Resumed]) -> Resumed:
    number: int = request.param
    return all_resumed[number]


def test_a_new_process_gives_the_same_answers(resumed: Resumed) -> None:
    """Also about the first turn's original, which the new process never stored."""
    said = [text.removeprefix("I look.\n\n") for text in resumed.said]
    assert said == SAID[resumed.pause]
    assert ticket(288) in json.dumps(resumed.sent[-1])


def test_a_new_process_extends_the_last_request(resumed: Resumed) -> None:
    """What was hidden in the old process is replayed byte for byte."""
    assert len(resumed.sent) == 7
    assert resumed.before == (5 if resumed.pause == "between turns" else 4)
    assert all(prefix_of(one, two) for one, two in pairwise(resumed.sent))


DECISIONS: list[dict[str, Any]] = [
    {"type": "approve"},
    {"type": "reject", "message": "not now"},
    {"type": "edit", "edited_action": {"name": "owner", "args": {"job": "0133"}}},
]


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda given: given["type"])
@pytest.mark.parametrize(
    ("maker", "client"),
    [*(("create_agent", client) for client in SERVERS), ("deepagents", "chat")],
)
def test_a_human_decides_on_a_mixed_turn(
    maker: str, client: str, decision: dict[str, Any]
) -> None:
    """Whatever becomes of the visible call, the hidden one beside it is kept."""
    with SERVERS[client](sensible) as server:
        agent = agent_of(
            maker,
            "wrapped",
            model_of(client, server.url),
            checkpointer=InMemorySaver(),
            interrupt_on={"owner": True},
        )
        for question in QUESTIONS[:2]:
            agent.invoke({"messages": [("user", question)]}, THREAD)
        state = agent.invoke(Command(resume={"decisions": [decision]}), THREAD)
        bodies = [query.received.body for query in server.requests]
    assert all(prefix_of(one, two) for one, two in pairwise(bodies))
    key = "input" if client == "responses" else "messages"
    added = json.dumps(bodies[4][key][len(bodies[3][key]) :])
    assert added.count(f'"{RETRIEVE}"') == 1
    assert len(bodies) == 5
    last = state["messages"][-1]
    assert isinstance(last, AIMessage)
    assert ticket(133) in last.text
