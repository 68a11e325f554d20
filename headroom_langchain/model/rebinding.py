"""Chains that a model made of itself, made of its wrapper instead.

`with_structured_output` and `bind_tools` of the inner model know best how its
provider wants things. What they return has the inner model somewhere inside; the
wrapper takes its place there.
"""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import (
    Runnable,
    RunnableParallel,
    RunnableSequence,
    RunnableWithFallbacks,
)
from langchain_core.runnables.base import RunnableBindingBase


def rebound(
    runnable: Runnable[Any, Any], inner: BaseChatModel, outer: BaseChatModel
) -> Runnable[Any, Any]:
    """Return a runnable that calls `outer` wherever it called `inner`.

    Some models return a changed copy of themselves; a copy of `outer` then goes
    around that.
    """
    if type(runnable) is type(inner):
        same = runnable is inner
        return outer if same else outer.model_copy(update={"inner": runnable})
    if isinstance(runnable, RunnableBindingBase):
        bound = rebound(runnable.bound, inner, outer)
        return runnable.model_copy(update={"bound": bound})
    if isinstance(runnable, RunnableWithFallbacks):
        first, *others = (
            rebound(each, inner, outer)
            for each in (runnable.runnable, *runnable.fallbacks)
        )
        return runnable.model_copy(update={"runnable": first, "fallbacks": others})
    if isinstance(runnable, RunnableSequence):
        steps = [rebound(step, inner, outer) for step in runnable.steps]
        return RunnableSequence(*steps, name=runnable.name)
    if isinstance(runnable, RunnableParallel):
        branches = {
            key: rebound(step, inner, outer) for key, step in runnable.steps__.items()
        }
        return RunnableParallel(branches)
    return runnable
