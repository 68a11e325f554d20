"""What has to be done during a call, said by code that does not do it.

A generator yields one step after the other and is given what came of each; what a
step raises is raised at its `yield`. So the same generator serves synchronous and
asynchronous callers, which only differ in how they do a step.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Protocol, TypeAlias, TypeVar

T = TypeVar("T")


class Step(Protocol):
    """One thing to do."""

    def do(self) -> Any:
        """Do it."""
        ...

    async def ado(self) -> Any:
        """Do it without blocking an event loop."""
        ...


Steps: TypeAlias = Generator[Step, Any, T]
"""Steps that lead to a result."""


def carried_out(steps: Steps[T]) -> T:
    """Do all steps and return their result."""
    try:
        step = next(steps)
        while True:
            try:
                done = step.do()
            except BaseException as error:  # noqa: BLE001 - whatever it is, who asked for the step decides
                step = steps.throw(error)
            else:
                step = steps.send(done)
    except StopIteration as end:
        result: T = end.value
        return result


async def acarried_out(steps: Steps[T]) -> T:
    """Do all steps and return their result."""
    try:
        step = next(steps)
        while True:
            try:
                done = await step.ado()
            except BaseException as error:  # noqa: BLE001 - likewise
                step = steps.throw(error)
            else:
                step = steps.send(done)
    except StopIteration as end:
        result: T = end.value
        return result
