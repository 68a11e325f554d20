"""Whoever looks at a wrapped model sees the model inside it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from deepagents._models import get_model_identifier, get_model_provider
from deepagents.middleware.summarization import compute_summarization_defaults
from langchain.agents.factory import _supports_provider_strategy
from langchain.agents.middleware.model_fallback import (
    _supports_anthropic_cache_control,
)
from langchain.agents.middleware.provider_tool_search import _get_model_provider
from langchain.agents.middleware.summarization import _get_approximate_token_counter
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI

from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing import ScriptedChatModel

SECRET = "sk-secret"  # noqa: S105 - not one


def openai(**fields: Any) -> BaseChatModel:
    given: Any = {"model": "gpt-4o", "temperature": 0.2, "api_key": SECRET}
    return ChatOpenAI(**given | fields)


def anthropic(**fields: Any) -> BaseChatModel:
    given: Any = {"model": "claude-sonnet-4-5", "api_key": SECRET, "temperature": 0.2}
    return ChatAnthropic(**given | fields)


def scripted(**fields: Any) -> BaseChatModel:
    given: Any = {"turns": ["fine", "fine"]}
    return ScriptedChatModel(**given | fields)


Make = Callable[..., BaseChatModel]

MAKERS: list[Make] = [openai, anthropic, scripted]

every_model = pytest.mark.parametrize("make", MAKERS)


ASKED: dict[str, Callable[[Any], object]] = {
    "_llm_type": lambda m: m._llm_type,
    "_get_ls_params": lambda m: m._get_ls_params(stop=["END"], temperature=0.5),
    "ls_defaults": lambda m: m._get_ls_params_with_defaults(stop=["END"]),
    "invocation": lambda m: m._get_invocation_params(stop=["END"], top_p=0.5),
    "profile": lambda m: m.profile,
    "InputType": lambda m: m.InputType,
    "OutputType": lambda m: m.OutputType,
    # The schemas' titles are the names of the classes.
    "input_schema": lambda m: m.get_input_jsonschema()["anyOf"],
    "output_schema": lambda m: m.get_output_jsonschema()["oneOf"],
    "config_specs": lambda m: m.config_specs,
    "output_version": lambda m: m.output_version,
    "disable_streaming": lambda m: m.disable_streaming,
    "llm_output": lambda m: m._combine_llm_outputs([{"token_usage": {"total": 1}}]),
    "prompts": lambda m: m.get_prompts(),
    "should_stream": lambda m: m._should_stream(async_api=False, stream=True),
    "should_not_stream": lambda m: m._should_stream(async_api=True, tools=[1]),
    # What agents read from a model, with their own functions
    "create_agent": lambda m: _supports_provider_strategy(m, tools=[]),
    "summarization": lambda m: _get_approximate_token_counter(m)(["x" * 4000]),
    "fallback": _supports_anthropic_cache_control,
    "tool_search": lambda m: _get_model_provider(m, None),
    "deepagents_name": get_model_identifier,
    "deepagents_provider": get_model_provider,
    "deepagents_limits": lambda m: {**compute_summarization_defaults(m)},
}


@pytest.mark.parametrize("question", sorted(ASKED))
@every_model
def test_the_answer_is_the_inner_models(make: Make, question: str) -> None:
    """What LangChain asks of a model, the wrapper answers as the bare model does."""
    inner, asked = make(), ASKED[question]
    assert asked(HeadroomChatModel(inner)) == asked(inner)


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (openai, ["model_name", "temperature", "max_tokens", "root_client", "n"]),
        (anthropic, ["model", "temperature", "max_tokens", "default_headers"]),
        (scripted, ["model_name", "shape", "requests"]),
    ],
)
def test_public_names_are_read_from_the_inner_model(
    make: Make, names: list[str]
) -> None:
    """Fields and properties of the integration are the inner model's own."""
    inner = make()
    model = HeadroomChatModel(inner)
    for name in names:
        assert getattr(model, name) is getattr(inner, name)


@pytest.mark.parametrize("name", ["_client", "_tape", "__pydantic_x__", "modle", ""])
@every_model
def test_other_names_are_the_wrappers_alone(make: Make, name: str) -> None:
    """Private names of the inner model and misspelt ones are not there."""
    with pytest.raises(AttributeError, match="HeadroomChatModel"):
        getattr(HeadroomChatModel(make()), name)


def test_a_wrapper_without_an_inner_model_has_no_attributes() -> None:
    """An object that is being rebuilt asks for names before it has any."""
    with pytest.raises(AttributeError):
        _ = HeadroomChatModel.__new__(HeadroomChatModel).model_name  # type: ignore[attr-defined] # of the inner model


@every_model
def test_a_copy_with_other_settings_calls_a_model_with_them(make: Make) -> None:
    """`model_copy` changes the inner model's fields on a copy of the inner model."""
    inner: Any = make()
    model = HeadroomChatModel(inner, namespace="mine")
    field = "chunking" if make is scripted else "temperature"
    copied: Any = model.model_copy(update={field: 1, "namespace": "theirs"})
    assert getattr(copied.inner, field) == getattr(copied, field) == 1
    assert getattr(inner, field) != 1
    assert (model.namespace, copied.namespace) == ("mine", "theirs")


def test_a_name_that_was_given_is_the_name_of_runs() -> None:
    """A model's own name is what events and graphs call it."""
    named = HeadroomChatModel(scripted(name="planner"))
    assert named.get_name() == "planner"
    assert "planner" in str(named.get_graph().to_json())
    renamed = HeadroomChatModel(scripted().with_config(run_name="critic"))
    assert renamed.get_name() == "critic"


@every_model
def test_its_text_form_has_no_secret_and_no_store(make: Make) -> None:
    """What is printed or logged tells no key and no original."""
    shown = repr(HeadroomChatModel(make()))
    assert shown.startswith("HeadroomChatModel(")
    assert SECRET not in shown
    assert "store" not in shown


@every_model
def test_token_counts_are_the_inner_models(make: Make) -> None:
    """Whoever counts with the model counts as the bare model does."""
    inner = make(custom_get_token_ids=lambda text: [len(word) for word in text.split()])
    model = HeadroomChatModel(inner)
    assert model.get_token_ids("one three") == [3, 5]
    assert model.get_num_tokens("one three") == 2


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_a_cache_key_is_the_same_in_every_process(seed: str) -> None:
    """A cache that processes share serves them all: no order is left to chance."""
    code = (
        "from headroom_langchain import CompressionPolicy;"
        "roles = ['human', 'tool', 'system', 'assistant'];"
        "print(CompressionPolicy(roles=roles).model_dump_json())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert '"roles":["assistant","human","system","tool"]' in run.stdout
