"""Where nobody takes part, nothing is made, and nothing is different."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.load import dumps
from langchain_core.messages import AIMessage
from taking_part import SURFACES, Ran, Watcher, history, wrapped

from headroom_langchain import HeadroomChatModel
from headroom_langchain.lifecycle import CompressionHooks, events
from headroom_langchain.testing import ScriptedChatModel

MADE = [
    getattr(events, name)
    for name in vars(events)
    if name not in ("Stage", "PipelineEvent")
    and hasattr(getattr(events, name), "__dataclass_fields__")
]
"""Everything that a lifecycle makes of a call."""


@pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
def test_no_event_is_made(
    surface: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without extensions no event is so much as constructed."""
    made: list[str] = []

    def counted(kind: type[Any]) -> None:
        begin = kind.__init__

        def init(self: Any, **fields: Any) -> None:
            made.append(kind.__name__)
            begin(self, **fields)

        monkeypatch.setattr(kind, "__init__", init)

    for kind in MADE:
        counted(kind)
    surface()
    assert made == []
    surface(extensions=[Watcher()])
    assert {"CallInfo", "SetUp", "InputCompressed"} <= set(made)


@pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
def test_an_extension_that_changes_nothing_changes_nothing(
    surface: Callable[..., Ran],
) -> None:
    """Every surface answers alike, watched or not."""
    assert surface(extensions=[Watcher()], hooks=CompressionHooks()) == surface()


class Kept(Watcher):
    """An extension that pickle finds by its name."""


def test_copies_keep_who_takes_part() -> None:
    """Copies, bindings and calls with other settings tell the same extensions."""
    watcher, hooks = Watcher(), CompressionHooks()
    inner = ScriptedChatModel(turns=["Yes."] * 4)
    model = HeadroomChatModel(inner, extensions=[watcher], hooks=hooks)
    settings = {"headroom_trigger": ("tokens", 9)}
    model.model_copy().invoke("1")
    model.bind_tools([]).invoke("2")
    HeadroomChatModel(model).invoke("3")
    model.invoke("4", {"configurable": settings})
    assert watcher.stages.count("setup") == 4


def test_a_deep_copy_shares_who_takes_part() -> None:
    """Extensions are services, as stores are, and not copied with a model."""
    watcher = Watcher()
    again = copy.deepcopy(wrapped(extensions=[watcher]))
    again.invoke(history())
    assert watcher.stages


def test_a_pickled_model_has_its_extensions() -> None:
    """Extensions travel with the settings."""
    inner = ScriptedChatModel(turns=["Yes."])
    model = HeadroomChatModel(inner, extensions=[Kept()])
    again: HeadroomChatModel = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own bytes
    again.invoke("Hi")
    (extension,) = again.extensions
    assert isinstance(extension, Kept)
    assert extension.stages


def test_a_model_is_written_down_without_them() -> None:
    """What `dumps` writes names no extension and no hooks."""
    model = wrapped(extensions=[Watcher()], hooks=CompressionHooks())
    written = dumps(model)
    assert "Watcher" not in written
    assert "hooks" not in written


def test_cached_answers_know_who_took_part() -> None:
    """An answer that was cached for a changed request serves no other."""
    plain, watched = wrapped(), wrapped(extensions=[Watcher()])
    assert plain._get_llm_string() != watched._get_llm_string()
    assert (
        watched._get_llm_string() == wrapped(extensions=[Watcher()])._get_llm_string()
    )


def test_another_extension_makes_another_copy() -> None:
    """A copy with other extensions tells those and not the ones before."""
    first, second = Watcher(), Watcher()
    inner = ScriptedChatModel(turns=["Yes.", "No."])
    model = HeadroomChatModel(inner, extensions=[first])
    model.invoke("1")
    told = len(first.seen)
    changed = model.model_copy(update={"extensions": (second,)})
    answer = changed.invoke("2")
    assert isinstance(answer, AIMessage)
    assert (len(first.seen), bool(second.seen)) == (told, True)
