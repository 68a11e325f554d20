"""Chains that a model made of itself, made of its wrapper instead.

`with_structured_output` and `bind_tools` of the inner model know best how its
provider wants things. What they return has the inner model somewhere inside; the
wrapper takes its place there.
"""

from __future__ import annotations

from typing import Any

from langchain_core.runnables import (
    Runnable,
    RunnableBinding,
    RunnableParallel,
    RunnableSequence,
)


def rebound(
    runnable: Runnable[Any, Any], inner: object, outer: Runnable[Any, Any]
) -> Runnable[Any, Any]:
    """Return a runnable that calls `outer` wherever it called `inner`."""
    if runnable is inner:
        return outer
    if isinstance(runnable, RunnableBinding):
        bound = rebound(runnable.bound, inner, outer)
        return runnable.model_copy(update={"bound": bound})
    if isinstance(runnable, RunnableSequence):
        steps = [rebound(step, inner, outer) for step in runnable.steps]
        return RunnableSequence(*steps, name=runnable.name)
    if isinstance(runnable, RunnableParallel):
        branches = {
            key: rebound(step, inner, outer) for key, step in runnable.steps__.items()
        }
        return RunnableParallel(branches)
    return runnable
