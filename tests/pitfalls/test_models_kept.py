"""A wrapped model keeps what was set up on the model, and composes as it does."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import RunnableBinding
from langchain_core.tools import tool
from real_clients import ASK, CLIENTS, bodies
from tool_results import LOG, asks, question

from headroom_langchain import ConfigurationError, HeadroomChatModel
from headroom_langchain.testing import ScriptedChatModel
from headroom_langchain.testing.servers import Failure, Reply


@pytest.fixture(params=sorted(CLIENTS))
def client(request: pytest.FixtureRequest) -> str:
    """Each provider's client in turn."""
    name: str = request.param
    return name


@tool
def search(q: str) -> str:
    """Search for something."""
    return q


class Told(BaseCallbackHandler):
    """Writes down what callbacks are told."""

    def __init__(self) -> None:
        self.started: list[list[str]] = []
        self.metadata: dict[str, Any] = {}
        self.ended = 0
        self.steps: dict[str, Any] = {}
        self._names: dict[Any, str] = {}

    def on_chat_model_start(self, serialized: Any, messages: Any, **more: Any) -> None:
        self.started.append([m.text for m in messages[0]])
        self.metadata = more["metadata"]

    def on_llm_end(self, response: Any, **_: Any) -> None:
        self.ended += 1

    def on_chain_start(
        self, serialized: Any, inputs: Any, *, run_id: Any, **more: Any
    ) -> None:
        self._names[run_id] = more["name"]

    def on_chain_end(self, outputs: Any, *, run_id: Any, **_: Any) -> None:
        self.steps[self._names[run_id]] = outputs


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_fallbacks_around_wrapped_models(*, asynchronous: bool) -> None:
    """When the first provider fails the second answers, retrievals included."""
    down = [Failure(status=500)]
    up = [Reply(tool_calls=(ASK,)), Reply(text="The disk is full.")]
    with CLIENTS["openai"][0](down) as one, CLIENTS["anthropic"][0](up) as two:
        first = HeadroomChatModel(CLIENTS["openai"][1](one.url))
        second = HeadroomChatModel(CLIENTS["anthropic"][1](two.url))
        chain = first.with_fallbacks([second])
        if asynchronous:
            answer = await chain.ainvoke(question())
        else:
            answer = chain.invoke(question())
        assert len(two.requests) == 2
    assert answer.text == "The disk is full."


@pytest.mark.parametrize("fails", [0, 1])
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_retries_around_a_wrapped_model(
    client: str, fails: int, *, asynchronous: bool
) -> None:
    """A provider that fails in the first or the hidden round is asked once more."""
    replies: list[Any] = [Reply(tool_calls=(ASK,)), Reply(text="The disk is full.")]
    script = [*replies[:fails], Failure(status=503), *replies]
    with CLIENTS[client][0](script) as server:
        model = HeadroomChatModel(CLIENTS[client][1](server.url))
        chain = model.with_retry(stop_after_attempt=2, wait_exponential_jitter=False)
        if asynchronous:
            answer = await chain.ainvoke(question())
        else:
            answer = chain.invoke(question())
        assert len(server.requests) == len(script)
    assert answer.text == "The disk is full."
    assert not answer.tool_calls


def test_retries_and_fallbacks_inside_are_refused_with_the_remedy(client: str) -> None:
    """What cannot be wrapped says at once how to write it."""
    inner = CLIENTS[client][1]("http://127.0.0.1:9")
    for runnable in (inner.with_retry(), inner.with_fallbacks([inner])):
        with pytest.raises(ConfigurationError, match="around HeadroomChatModel"):
            HeadroomChatModel(runnable)


def test_what_is_bound_to_the_inner_model_arrives(client: str) -> None:
    """Arguments bound inside reach the provider, and those of a call come before."""
    with CLIENTS[client][0](["Fine."] * 3) as server:
        inner: Any = CLIENTS[client][1](server.url)
        model = HeadroomChatModel(inner.bind(temperature=0.25))
        model.invoke(question())
        model.invoke(question(), temperature=0.5)
        if client != "responses":  # which has no stop sequences
            HeadroomChatModel(inner.bind(stop=["END"])).invoke(question())
            assert server.requests[-1].stop == ("END",)
        sent = bodies(server)
    assert [body["temperature"] for body in sent[:2]] == [0.25, 0.5]


@pytest.mark.parametrize("way", ["invoke", "stream"])
def test_callbacks_of_the_inner_model_hear_of_one_call(client: str, way: str) -> None:
    """A handler set on the inner model sees one run, with what the caller gave."""
    told = Told()
    script = [Reply(tool_calls=(ASK,)), Reply(text="The disk is full.")]
    with CLIENTS[client][0](script) as server:
        inner = CLIENTS[client][1](server.url, callbacks=[told])
        list(getattr(HeadroomChatModel(inner), way)(question()))
    assert [texts[-1] for texts in told.started] == [LOG]
    assert told.ended == 1


def test_callbacks_of_a_call_are_told_what_was_saved(client: str) -> None:
    """Tracing has the figures of the compression beside what the caller gave."""
    told = Told()
    with CLIENTS[client][0](["Fine."]) as server:
        model = HeadroomChatModel(CLIENTS[client][1](server.url))
        model.invoke(question(), {"callbacks": [told]})
    figures = told.steps["headroom_compress"]
    assert model.report is not None
    assert figures["tokens_before"] == model.report.tokens_before
    assert figures["tokens_after"] == model.report.tokens_after
    assert model.report.tokens_saved > 10_000


def test_the_cache_of_the_inner_model_is_used(client: str) -> None:
    """A call that was answered before is answered from the cache, rounds and all."""
    script = [Reply(tool_calls=(ASK,)), Reply(text="The disk is full.")]
    with CLIENTS[client][0](script) as server:
        inner = CLIENTS[client][1](server.url, cache=InMemoryCache())
        model = HeadroomChatModel(inner)
        first, second = model.invoke(question()), model.invoke(question())
        assert len(server.requests) == 2
    assert first.text == second.text == "The disk is full."


def test_binding_tools_keeps_what_was_set(client: str) -> None:
    """Tags, metadata, name, cache and figures are those of the model, bound or not."""
    told = Told()
    with CLIENTS[client][0](["Fine."] * 2) as server:
        inner = CLIENTS[client][1](
            server.url,
            tags=["mine"],
            metadata={"tenant": "7"},
            name="expert",
            cache=InMemoryCache(),
            callbacks=[told],
        )
        model = HeadroomChatModel(inner)
        bound: Any = model.bind_tools([search])
        assert isinstance(bound, RunnableBinding)
        bound.invoke(question())
        bound.invoke(question())
        assert len(server.requests) == 1
        assert server.requests[0].tools[0].name == "search"
    assert (model.tags, model.metadata) == (["mine"], inner.metadata)
    assert told.metadata["tenant"] == "7"
    assert bound.bound is model
    assert bound.get_name() == "expert"
    assert len(told.started) == 2
    assert model.report is not None
    assert model.report.tokens_saved > 10_000


def test_who_asks_what_the_model_is_hears_of_the_inner_one(client: str) -> None:
    """Names, parameters, profile and token counts are those of the inner model."""
    inner: Any = CLIENTS[client][1]("http://127.0.0.1:9")
    model = HeadroomChatModel(inner)
    assert model._llm_type == inner._llm_type
    assert model._get_ls_params(stop=["x"]) == inner._get_ls_params(stop=["x"])
    assert model._get_ls_params()["ls_model_name"] in {"gpt-x", "claude-x"}
    assert model.profile == inner.profile
    name = "model" if client == "anthropic" else "model_name"
    assert getattr(model, name) == getattr(inner, name)
    inner = ScriptedChatModel(
        turns=[], custom_get_token_ids=lambda text: [7] * len(text)
    )
    counted = HeadroomChatModel(inner)
    assert counted.get_num_tokens("abc") == 3
    asked: list[BaseMessage] = [HumanMessage("abc")]
    expected = inner.get_num_tokens_from_messages(asked)
    assert counted.get_num_tokens_from_messages(asked) == expected > 3


def test_a_used_model_goes_to_another_process(tmp_path: Path) -> None:
    """After calls and retrievals a model is pickled, and answers elsewhere."""
    model = HeadroomChatModel(ScriptedChatModel(turns=[asks, "One.", "Elsewhere."]))
    config: Any = {"configurable": {"headroom_namespace": "tenant"}}
    model.invoke(question(), config)
    path = tmp_path / "model.pickle"
    path.write_bytes(pickle.dumps(model))
    code = (
        "import pickle, sys\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "from langchain_core.messages import ToolMessage\n"
        "model = pickle.load(open(sys.argv[1], 'rb'))\n"
        "text = '\\n'.join(f'INFO line {n}' for n in range(900))\n"
        "print(model.invoke([ToolMessage(text, tool_call_id='c', name='run')]).text)\n"
        "print(model.report.tokens_saved > 1000)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["Elsewhere.", "True"], done.stderr


def test_a_dropped_exchange_is_not_an_orphan(client: str) -> None:
    """Whatever a history went through, no result is without its call."""
    script = [
        Reply(text="Hm.", tool_calls=(ASK,)),
        Reply(text="Full."),
        Reply(text="Fine."),
    ]
    with CLIENTS[client][0](script) as server:
        model = HeadroomChatModel(CLIENTS[client][1](server.url))
        answer = model.invoke(question())
        edited = AIMessage("Edited.", additional_kwargs=answer.additional_kwargs)
        model.invoke([*question(), edited, HumanMessage("Sure?")])
        last = server.requests[-1]
    assert last.unpaired is None
    assert [said.text for said in last.said[-2:]] == ["Edited.", "Sure?"]
