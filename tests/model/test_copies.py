"""A wrapped model can be copied, pickled and written down, without its originals."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.load import dumpd, load
from langchain_core.messages import ToolMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from headroom_langchain import (
    CompressionPolicy,
    HeadroomChatModel,
    InMemoryCCRStore,
    Original,
    SqliteCCRStore,
)
from headroom_langchain.testing import ScriptedChatModel

BIG = "\n".join(f"2026-03-01 10:00:00 INFO served request {n}" for n in range(600))
RESULT = ToolMessage(BIG, tool_call_id="c", name="run")


def used() -> HeadroomChatModel:
    """Make a model that has something to remember."""
    model = HeadroomChatModel(ScriptedChatModel(turns=["one", "two", "three"]))
    model.invoke([RESULT])
    return model


def test_a_pickled_model_works_and_remembers_nothing() -> None:
    """Settings travel, originals and what was remembered of calls stay."""
    model = used()
    again: HeadroomChatModel = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own bytes
    assert again.policy == model.policy
    assert again.report is None
    assert isinstance(again.store, InMemoryCCRStore)
    assert len(again.store) == 0
    assert again.invoke([RESULT]).text


def test_a_deep_copy_shares_the_store() -> None:
    """A copy redeems what the model it was made of has kept."""
    model = used()
    again = copy.deepcopy(model)
    assert again.store is model.store
    assert again.inner is not model.inner
    assert again.report is None
    assert again.invoke([RESULT]).text


def test_a_pickled_file_store_opens_the_same_file(tmp_path: Path) -> None:
    """Another process finds what this one has put."""
    with SqliteCCRStore(tmp_path / "o.db", max_bytes=10**6) as store:
        key = store.put(Original.of("text"))
        with pickle.loads(pickle.dumps(store)) as again:  # noqa: S301 - our own bytes
            assert again.get(key) == store.get(key)


def test_a_changed_copy_calls_with_its_own_settings() -> None:
    """`model_copy` with another policy is not served by the old one."""
    model = used()
    off = CompressionPolicy(retrieval=False)
    model.model_copy(update={"policy": off}).invoke([RESULT])
    inner: Any = model.inner
    assert [bool(request.tools) for request in inner.requests] == [True, False]


@pytest.mark.parametrize(
    ("inner", "key"),
    [
        (
            ChatOpenAI(model="x", api_key=SecretStr("sk-secret"), temperature=0.5),
            "OPENAI_API_KEY",
        ),
        (
            ChatAnthropic(
                model_name="x",
                api_key=SecretStr("sk-secret"),
                temperature=0.5,
                timeout=None,
                stop=None,
            ),
            "ANTHROPIC_API_KEY",
        ),
    ],
    ids=["openai", "anthropic"],
)
@pytest.mark.filterwarnings("ignore:The function `load` is in beta")
def test_a_written_model_has_its_settings_and_no_secret(inner: Any, key: str) -> None:
    """`dumpd` and `load` bring back the inner model, its arguments and the policy."""
    policy = CompressionPolicy(max_rounds=2, trigger=("tokens", 99))
    model = HeadroomChatModel(inner.bind(top_p=1), policy=policy, namespace="tenant")
    model.store.put(Original.of("an original"))
    written = dumpd(model)
    assert "sk-secret" not in json.dumps(written)
    assert "an original" not in json.dumps(written)
    assert "store" not in written["kwargs"]
    again: Any = load(
        written,
        secrets_map={key: "sk-other"},
        valid_namespaces=["headroom_langchain"],
        allowed_objects=[HeadroomChatModel, type(inner)],
    )
    assert type(again) is HeadroomChatModel
    assert (again.policy, again.namespace) == (policy, "tenant")
    assert again.inner_arguments == {"top_p": 1}
    assert isinstance(again.inner, type(inner))
    assert again.inner.model_dump()["temperature"] == 0.5
