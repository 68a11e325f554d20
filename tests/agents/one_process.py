"""Parts of conversations, in a process that ends with them.

Started with plans as JSON; prints what each step of each plan came to.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any, TypedDict

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.types import Command
from three_turns import THREAD, Agent, Seam, agent_of, model_of


class Plan(TypedDict):
    """A part of one conversation."""

    maker: str
    seam: Seam
    client: str
    url: str
    file: str
    """Where the checkpoints are."""
    asynchronous: bool
    steps: list[Any]
    """Questions; `None` goes on from a pause, an object is the decision on it."""
    made_with: dict[str, Any]
    """Options of the agent."""
    called_with: dict[str, Any]
    """Options of each step."""


def main() -> None:
    """Carry out the plans."""
    plans: list[Plan] = json.loads(sys.argv[1])
    said = [
        asyncio.run(_awaited(plan)) if plan["asynchronous"] else _waited(plan)
        for plan in plans
    ]
    sys.stdout.write(json.dumps(said))


def _waited(plan: Plan) -> list[str]:
    with SqliteSaver.from_conn_string(plan["file"]) as saver:
        agent = _agent(plan, saver)
        states = [
            agent.invoke(_given(step), THREAD, **plan["called_with"])
            for step in plan["steps"]
        ]
    return [state["messages"][-1].text for state in states]


async def _awaited(plan: Plan) -> list[str]:
    async with AsyncSqliteSaver.from_conn_string(plan["file"]) as saver:
        agent = _agent(plan, saver)
        states = [
            await agent.ainvoke(_given(step), THREAD, **plan["called_with"])
            for step in plan["steps"]
        ]
    return [state["messages"][-1].text for state in states]


def _agent(plan: Plan, saver: Any) -> Agent:
    model = model_of(plan["client"], plan["url"])
    return agent_of(
        plan["maker"], plan["seam"], model, checkpointer=saver, **plan["made_with"]
    )


def _given(step: Any) -> Any:
    match step:
        case str():
            return {"messages": [("user", step)]}
        case dict():
            return Command(resume=step)
    return None


if __name__ == "__main__":
    main()
