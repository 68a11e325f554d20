"""With `preserve_type` a wrapper is also what the model inside it is."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.load import dumpd, load
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.runnables import ConfigurableField, RunnableConfig
from langchain_openai import ChatOpenAI
from langchain_openai.chat_models.base import BaseChatOpenAI
from pydantic import BaseModel, SecretStr

from headroom_langchain import CompressionPolicy, HeadroomChatModel
from headroom_langchain.model.same_type import of_same_type
from headroom_langchain.testing import Call, ScriptedChatModel, Turn, ask_for_original
from headroom_langchain.testing.turns import Script

BIG = "\n".join(
    f"2026-03-01 10:00:00 {'ERROR disk full' if n == 99 else 'INFO served'} {n}"
    for n in range(600)
)
RESULT = ToolMessage(BIG, tool_call_id="c", name="run")
HIDDEN: Script = [ask_for_original("disk", text="Let me see."), "The disk."]
OTHER = CompressionPolicy(max_rounds=1)


class City(BaseModel):
    """A city."""

    name: str


def made(kind: str) -> BaseChatModel:
    if kind == "scripted":
        return ScriptedChatModel(turns=HIDDEN)
    if kind == "openai":
        return ChatOpenAI(model="gpt-x", api_key=SecretStr("sk-secret"))
    return ChatAnthropic(
        model_name="claude-x", api_key=SecretStr("sk-secret"), timeout=3, stop=None
    )


def scripted(turns: Script) -> Any:
    return HeadroomChatModel(ScriptedChatModel(turns=turns), preserve_type=True)


@pytest.mark.parametrize("kind", ["openai", "anthropic", "scripted"])
def test_it_is_both(kind: str) -> None:
    """It is a wrapper and an instance of the inner model's class, down to its name."""
    inner = made(kind)
    model = HeadroomChatModel(inner, preserve_type=True)
    assert isinstance(model, type(inner))
    assert isinstance(model, HeadroomChatModel)
    assert issubclass(type(model), type(inner))
    assert model.get_name() == type(model).__name__ == type(inner).__name__


@pytest.mark.parametrize("kind", ["openai", "anthropic", "scripted"])
def test_it_has_to_be_asked_for(kind: str) -> None:
    """A plain wrapper is no instance of that class, and says so in its name."""
    inner = made(kind)
    model = HeadroomChatModel(inner)
    assert not isinstance(model, type(inner))
    assert model.get_name() == "HeadroomChatModel"


def test_parents_of_the_class_count_too() -> None:
    """Code may ask for a base class of the inner model's class."""
    assert isinstance(
        HeadroomChatModel(made("openai"), preserve_type=True), BaseChatOpenAI
    )


def test_a_class_is_made_once() -> None:
    """Two wrappers of the same kind of model are of one class."""
    first, second = (
        HeadroomChatModel(made("anthropic"), preserve_type=True) for _ in range(2)
    )
    assert type(first) is type(second)


def test_a_field_of_that_class_takes_it() -> None:
    """A pydantic model that demands the inner model's class is content."""

    class Holder(BaseModel):
        llm: ChatAnthropic

    model: Any = HeadroomChatModel(made("anthropic"), preserve_type=True)
    assert Holder(llm=model).llm is model


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("openai", ["model_name", "temperature", "root_client", "client", "n"]),
        ("anthropic", ["model", "max_tokens", "_client", "_async_client"]),
        ("scripted", ["requests", "shape", "turns"]),
    ],
)
def test_other_attributes_are_the_inner_models(kind: str, names: list[str]) -> None:
    """Fields, properties and clients are the inner model's own objects."""
    inner = made(kind)
    model = HeadroomChatModel(inner, preserve_type=True)
    for name in names:
        assert getattr(model, name) is getattr(inner, name)


def test_what_only_the_class_has_works_on_the_inner_model() -> None:
    """Methods of the integration, private ones too, run on the inner model."""
    inner: Any = made("anthropic")
    model: Any = HeadroomChatModel(inner, preserve_type=True)
    given = [("human", "Hi")]
    assert model._get_request_payload(given) == inner._get_request_payload(given)


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream"])
async def test_hidden_rounds_work(way: str) -> None:
    """A retrieval is answered, and the inner model is called once for each round."""
    model = scripted(HIDDEN)
    call = getattr(model, way)([RESULT])
    if way == "stream":
        text = "".join(chunk.text for chunk in call)
    elif way == "astream":
        text = "".join([chunk.text async for chunk in call])
    else:
        text = (call if way == "invoke" else await call).text
    assert text == "Let me see.\n\nThe disk."
    assert len(model.inner.requests) == 2
    assert "headroom_retrieve" in str(model.inner.requests[0].tools)


def test_structured_output_goes_through_the_wrapper() -> None:
    """Answers in a schema come from the wrapper, after a hidden round too."""
    call = Call(name="City", args={"name": "Ulm"})
    model = scripted([ask_for_original("disk"), Turn(tool_calls=(call,))])
    assert model.with_structured_output(City).invoke([RESULT]) == City(name="Ulm")
    assert len(model.inner.requests[0].messages[0].text) < len(BIG) / 2


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.bind_tools([City]).bound,
        lambda model: model.bind(temperature=0).bound,
        lambda model: model.with_config(tags=["x"]).bound,
        lambda model: model.model_copy(),
        lambda model: model.model_copy(update={"policy": OTHER}),
        copy.copy,
        copy.deepcopy,
        lambda model: pickle.loads(pickle.dumps(model)),  # noqa: S301 - our own bytes
        HeadroomChatModel,
        lambda model: model.configurable_fields(
            policy=ConfigurableField(id="policy")
        ).prepare({"configurable": {"policy": OTHER}})[0],
    ],
    ids=[
        "bind_tools",
        "bind",
        "with_config",
        "model_copy",
        "model_copy_update",
        "copy",
        "deepcopy",
        "pickle",
        "wrapped_again",
        "configurable_fields",
    ],
)
def test_what_is_made_of_it_has_the_type_and_works(change: Any) -> None:
    """Copies and bindings keep both classes, and still compress."""
    model = scripted(["fine"])
    changed = change(model)
    assert type(changed) is type(model)
    changed.invoke([RESULT])
    assert len(changed.inner.requests[0].messages[0].text) < len(BIG) / 2


def test_a_copy_around_another_model_has_the_other_type() -> None:
    """The type follows the inner model."""
    model = HeadroomChatModel(made("openai"), preserve_type=True)
    other = model.model_copy(update={"inner": made("anthropic")})
    assert isinstance(other, ChatAnthropic)
    assert not isinstance(other, ChatOpenAI)


@pytest.mark.filterwarnings("ignore:The function `load` is in beta")
def test_it_is_written_down_as_a_plain_wrapper() -> None:
    """What `dumpd` writes has no secret, and `load` makes the same type of it."""
    model = HeadroomChatModel(made("anthropic"), preserve_type=True)
    written = dumpd(model)
    assert written["id"] == ["headroom_langchain", "chat_model", "HeadroomChatModel"]
    assert written["name"] == "ChatAnthropic"
    assert set(written["kwargs"]) == {"inner", "namespace", "policy", "preserve_type"}
    assert "sk-secret" not in str(written)
    again = load(
        written,
        secrets_map={"ANTHROPIC_API_KEY": "sk-other"},
        valid_namespaces=["headroom_langchain"],
        allowed_objects=[HeadroomChatModel, ChatAnthropic],
    )
    assert type(again) is type(model)


def test_its_text_form_names_both_classes_and_no_secret() -> None:
    """Whoever prints it sees what it is."""
    shown = repr(HeadroomChatModel(made("anthropic"), preserve_type=True))
    assert shown.startswith("HeadroomChatModel[ChatAnthropic](")
    assert "sk-secret" not in shown


class Overriding(ScriptedChatModel):
    """A model that does in its own way what LangChain asks of every chat model."""

    def __init__(self, *, turns: Script) -> None:
        super().__init__(turns=turns, model_name="set by its own constructor")

    def invoke(
        self,
        input: LanguageModelInput,  # noqa: A002 - the name in langchain-core
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> AIMessage:
        raise AssertionError

    def stream(
        self,
        input: LanguageModelInput,  # noqa: A002 - the name in langchain-core
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Any:
        raise AssertionError

    def _stream_chat_model_events(self, *_: Any, **__: Any) -> Any:
        raise AssertionError

    def __getstate__(self) -> dict[Any, Any]:
        """Fail."""
        raise AssertionError


@pytest.mark.parametrize("way", ["invoke", "stream", "stream_events"])
@pytest.mark.filterwarnings("ignore:.*is in beta")
def test_what_the_class_overrides_does_not_pass_the_wrapper_by(way: str) -> None:
    """What LangChain calls is the wrapper's, whatever the inner class has."""
    model: Any = HeadroomChatModel(Overriding(turns=HIDDEN), preserve_type=True)
    options = {"version": "v3"} if way == "stream_events" else {}
    list(getattr(model, way)([RESULT], **options))
    assert len(model.inner.requests) == 2
    assert model.model_name == "set by its own constructor"
    assert model.__getstate__()["__dict__"]["inner"] is model.inner


def test_the_made_class_is_called_like_the_wrapper() -> None:
    """Code that makes another of the same class gives a wrapper's fields."""
    model = HeadroomChatModel(Overriding(turns=HIDDEN), preserve_type=True)
    again = type(model)(Overriding(turns=HIDDEN), namespace="other")
    assert type(again) is type(model)
    assert again.namespace == "other"


def test_a_subclass_of_the_wrapper_keeps_its_own_ways() -> None:
    """Users may derive from the wrapper; the made class is then theirs, too."""

    class Shouting(HeadroomChatModel):
        def _stream(self, *given: Any, **more: Any) -> Iterator[ChatGenerationChunk]:
            for chunk in super()._stream(*given, **more):
                chunk.message.content = chunk.text.upper()
                yield chunk

    model = Shouting(inner=ScriptedChatModel(turns=["fine"]), preserve_type=True)
    assert isinstance(model, ScriptedChatModel)
    assert "".join(chunk.text for chunk in model.stream("x")) == "FINE"


def test_making_it_again_changes_nothing() -> None:
    """A wrapper that has the type already stays of the same class."""
    model = scripted([])
    kind = type(model)
    assert type(of_same_type(model)) is kind
