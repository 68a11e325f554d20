"""What fails in this package, or in what it was given, does not stop a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from langchain_core.rate_limiters import BaseRateLimiter
from talks import WAYS, Way, ending, history, scripted

from headroom_langchain import (
    CCRStore,
    HeadroomChatModel,
    InMemoryCCRStore,
    Original,
    compress,
)
from headroom_langchain.ccr.rounds.answering import Answering
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE
from headroom_langchain.compression import shorten
from headroom_langchain.errors import StoreError
from headroom_langchain.testing import ScriptedChatModel, Turn, ask_for_original


class Failing(CCRStore):
    """A store that can neither write nor read."""

    def put_many(
        self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        """Fail."""
        msg = "no room"
        raise StoreError(msg)

    def get_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> Mapping[str, Original]:
        """Fail."""
        msg = "no answer"
        raise StoreError(msg)


@pytest.mark.parametrize("way", WAYS)
async def test_a_store_that_cannot_be_written_costs_a_note(
    way: Way, nothing_left: None
) -> None:
    """The call holds its originals itself; the report names the failure."""
    model = HeadroomChatModel(scripted(), store=Failing())
    assert (await way(model, history("ann"))).endswith(ending("ann"))
    assert model.report is not None
    assert model.report.notes == ("originals were not kept: StoreError: no room",)
    assert [entry.error for entry in model.report.retrievals] == [False, False]


@pytest.mark.parametrize("way", WAYS)
async def test_a_store_that_cannot_be_read_is_told_to_the_model(
    way: Way, nothing_left: None
) -> None:
    """A marker from elsewhere cannot be redeemed then; the call goes on."""
    sent = compress(history("ann"), store=InMemoryCCRStore()).messages
    turns = [ask_for_original("cabinet"), lambda seen: Turn(text=seen[-1].text)]
    model = HeadroomChatModel(scripted(turns=turns), store=Failing())
    answer = await way(model, sent)
    assert "could not be read" in answer
    assert model.report is not None
    assert model.report.notes == ("a store was not read: StoreError: no answer",)
    assert [entry.error for entry in model.report.retrievals] == [True]


def broken(*_: object, **__: object) -> Any:
    msg = "broken"
    raise RuntimeError(msg)


@pytest.mark.parametrize("way", WAYS)
async def test_a_compressor_that_fails_sends_the_original(
    way: Way, monkeypatch: pytest.MonkeyPatch, nothing_left: None
) -> None:
    """The model is sent what the tool wrote; the report says why."""
    monkeypatch.setattr(shorten, "shorten", broken)
    inner = scripted(turns=["Fine."])
    model = HeadroomChatModel(inner)
    assert await way(model, history("ann")) == "Fine."
    assert list(inner.requests[0].messages) == history("ann")
    assert model.report is not None
    reasons = {block.role: block.skipped for block in model.report.blocks}
    assert reasons["tool"] == "failed: RuntimeError: broken"


@pytest.mark.parametrize("way", WAYS)
async def test_a_search_that_fails_is_told_to_the_model(
    way: Way, monkeypatch: pytest.MonkeyPatch, nothing_left: None
) -> None:
    """The call goes on; the report says what failed."""
    monkeypatch.setattr(
        "headroom_langchain.ccr.retrieval.reading.RememberedIndexes.__call__", broken
    )
    turns = [ask_for_original("cabinet"), lambda seen: Turn(text=seen[-1].text)]
    model = HeadroomChatModel(scripted(turns=turns))
    assert "could not be read: RuntimeError" in await way(model, history("ann"))
    assert model.report is not None
    assert model.report.notes == ("retrieval failed: RuntimeError: broken",)


@pytest.mark.parametrize("way", WAYS)
async def test_a_fault_of_this_package_while_answering_ends_the_call_cleanly(
    way: Way, monkeypatch: pytest.MonkeyPatch, nothing_left: None
) -> None:
    """What nobody expected is raised as it is, and the report says where."""
    monkeypatch.setattr(Answering, "answers", broken)
    model = HeadroomChatModel(scripted())
    with pytest.raises(RuntimeError) as caught:
        await way(model, history("ann"))
    assert not hasattr(caught.value, "__notes__")
    assert model.report is not None
    assert model.report.notes == (
        "retrieval after round 1 was not finished: RuntimeError: broken",
    )


class Limiter(BaseRateLimiter):
    """A rate limiter that notes how many rounds had begun when it was asked."""

    def __init__(self, *, patience: int = 99) -> None:
        self.asked: dict[str, list[int]] = {"acquire": [], "aacquire": []}
        self.model: ScriptedChatModel | None = None
        self._patience = patience

    def acquire(self, *, blocking: bool = True) -> bool:
        """Note it."""
        return self._note("acquire")

    async def aacquire(self, *, blocking: bool = True) -> bool:
        """Note it."""
        return self._note("aacquire")

    def _note(self, name: str) -> bool:
        assert self.model is not None
        self.asked[name].append(len(self.model.requests))
        if sum(map(len, self.asked.values())) > self._patience:
            broken()
        return True


@pytest.mark.parametrize("way", WAYS)
async def test_a_rate_limiter_is_asked_once_before_each_round(
    way: Way, nothing_left: None
) -> None:
    """The hidden rounds count as much as the first, and wait in the same way."""
    limiter = Limiter()
    limiter.model = inner = scripted(rate_limiter=limiter)
    assert (await way(HeadroomChatModel(inner), history("ann"))).endswith(ending("ann"))
    used = "aacquire" if way.__name__.startswith("a") else "acquire"
    assert limiter.asked == {"acquire": [], "aacquire": [], used: [0, 1, 2]}


@pytest.mark.parametrize("way", WAYS)
async def test_a_rate_limiter_that_fails_is_told_by_the_report(
    way: Way, nothing_left: None
) -> None:
    """The round it was asked for is the one that was not finished."""
    limiter = Limiter(patience=1)
    limiter.model = inner = scripted(rate_limiter=limiter)
    model = HeadroomChatModel(inner)
    with pytest.raises(RuntimeError, match="broken"):
        await way(model, history("ann"))
    assert model.report is not None
    assert model.report.notes == ("round 2 was not finished: RuntimeError: broken",)
