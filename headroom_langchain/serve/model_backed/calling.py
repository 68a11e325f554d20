"""How a request is put to a model: tools bound, settings where the model has them.

A model of the client's own provider is given every setting under its own name, also
those that this package does not know. Any other model is given those that it has,
under the name that its class has for them. What changes the form of an answer must be
understood, else the request is refused; what only tunes it may be left out, and the
answer's header `x-headroom-ignored` names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from inspect import signature
from typing import Any, Final

from langchain_core.language_models import BaseChatModel

from headroom_langchain.serve.model_backed.asked import (
    AnswerFormat,
    Asked,
    RequestError,
    ToolOffer,
)
from headroom_langchain.serve.model_backed.family import (
    Family,
    Variants,
    has_setting,
    innermost,
)

_NAMES: Final[Mapping[str, Sequence[str]]] = {
    "max_tokens": (
        "max_tokens",
        "max_completion_tokens",
        "max_output_tokens",
        "num_predict",
        "max_new_tokens",
    ),
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "top_k": ("top_k",),
    "seed": ("seed",),
    "frequency_penalty": ("frequency_penalty",),
    "presence_penalty": ("presence_penalty",),
    "reasoning_effort": ("reasoning_effort",),
    "thinking": ("thinking",),
}
"""What models in general can be told, and the names that their classes have for it."""

_SAME: Final = {"max_completion_tokens": "max_tokens"}
"""Other names of the protocols for the same."""

_DIRECT: Final[Mapping[Family, frozenset[str]]] = {
    "anthropic": frozenset(
        "container context_management inference_geo max_tokens mcp_servers"
        " output_config service_tier temperature thinking top_k top_p".split()
    ),
    "openai": frozenset(
        "frequency_penalty logit_bias logprobs max_completion_tokens max_tokens"
        " modalities n prediction presence_penalty prompt_cache_key reasoning_effort"
        " safety_identifier seed service_tier store temperature top_logprobs top_p user"
        " verbosity".split()
    ),
}
"""Settings that the providers' clients have an argument for; all others go into the
body as they are, `metadata` too, which is something else to langchain-core."""

_FORMING: Final = {"n": 1, "logprobs": False, "audio": None, "modalities": ["text"]}
"""Settings that change the form of an answer, and what makes no difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A model, and what it is called with."""

    model: Any
    """A runnable: the model, perhaps a copy with other settings, with tools bound."""
    stop: list[str] | None = None
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    ignored: Sequence[str] = ()
    """Settings of the client that the model does not have."""


def call_of(
    variants: Variants, asked: Asked, family: Family, betas: Sequence[str] = ()
) -> Call:
    """Put a request to a model.

    Args:
        variants: The model.
        asked: The request.
        family: Whose forms the model understands.
        betas: The features that the client's `anthropic-beta` header names.

    Raises:
        RequestError: The model cannot answer in the form that is asked for.
    """
    _refuse_forms(asked)
    model = variants.model
    ignored: list[str] = []
    if asked.native:
        kwargs = _native(asked.settings, family, betas)
    else:
        settings, kwargs, ignored = _settings(model, asked.settings, family)
        settings |= _format_settings(model, asked.answer_format, family)
        model = variants.of(settings)
    if asked.answer_format and family:
        _add_format(model, kwargs, asked.answer_format, family)
    # Beyond the two families there is no word for it that all understand.
    forbidden = asked.tool_choice == "none" and not family
    tools = asked.tools and not forbidden
    runnable = _bound(model, asked, family) if tools else model
    stop = list(asked.stop) or None
    return Call(model=runnable, stop=stop, kwargs=kwargs, ignored=tuple(ignored))


def _refuse_forms(asked: Asked) -> None:
    # A model answers once and with text, also where its provider could do more.
    for name, usual in _FORMING.items():
        value = asked.settings.get(name)
        if value is None or value == usual:
            continue
        msg = f"{name}={value!r} is not possible with this server's model"
        raise RequestError(msg)


def _native(
    settings: Mapping[str, Any], family: Family, betas: Sequence[str]
) -> dict[str, Any]:
    direct = {key: value for key, value in settings.items() if key in _DIRECT[family]}
    if rest := {key: value for key, value in settings.items() if key not in direct}:
        direct["extra_body"] = rest
    if betas:
        direct["betas"] = list(betas)
    return direct


def _settings(
    model: BaseChatModel, asked: Mapping[str, Any], family: Family
) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Return what is set on the model, what is passed to it, and what is left out."""
    fields: dict[str, Any] = {}
    kwargs: dict[str, Any] = {}
    ignored = []
    for name, value in asked.items():
        if value is None or name in _FORMING:
            continue
        names = _NAMES.get(_SAME.get(name, name), ())
        theirs = next((one for one in names if has_setting(model, one)), None)
        if theirs is None:
            ignored.append(name)
        elif family:
            kwargs[theirs] = value
        else:
            # Only fields are sure to be heard: not every class reads arguments.
            fields[theirs] = value
    return fields, kwargs, ignored


def _format_settings(
    model: BaseChatModel, wanted: AnswerFormat | None, family: Family
) -> dict[str, Any]:
    if wanted is None or family:
        return {}
    if has_setting(model, "response_schema"):
        schema = {"response_schema": wanted.schema} if wanted.schema else {}
        return {"response_mime_type": "application/json", **schema}
    if has_setting(model, "format"):
        return {"format": wanted.schema or "json"}
    msg = "this server's model has no answers in a format"
    raise RequestError(msg)


def _add_format(
    model: BaseChatModel,
    kwargs: dict[str, Any],
    wanted: AnswerFormat,
    family: Family,
) -> None:
    if family == "anthropic":
        if wanted.schema is None:
            msg = (
                "response_format: this server's model has JSON only with a schema; "
                "use json_schema"
            )
            raise RequestError(msg)
        given = {"type": "json_schema", "schema": wanted.schema}
        kwargs["output_config"] = {**kwargs.get("output_config", {}), "format": given}
        return
    if getattr(innermost(model), "use_responses_api", None):
        kwargs["response_format"] = _openai_format(wanted)
        return
    # In the body and not as an argument: the client of the provider would parse the
    # answer, and raise where it cannot.
    kwargs.setdefault("extra_body", {})["response_format"] = _openai_format(wanted)


def _openai_format(wanted: AnswerFormat) -> dict[str, Any]:
    if wanted.schema is None:
        return {"type": "json_object"}
    described: dict[str, Any] = {"name": wanted.name, "schema": wanted.schema}
    if wanted.strict is not None:
        described["strict"] = wanted.strict
    return {"type": "json_schema", "json_schema": described}


def _bound(model: BaseChatModel, asked: Asked, family: Family) -> Any:
    """Bind the client's tools."""
    tools = [_tool(tool, family, native=asked.native) for tool in asked.tools]
    options: dict[str, Any] = {}
    if asked.tool_choice:
        options["tool_choice"] = _tool_choice(asked.tool_choice, family)
    if asked.parallel is not None and _takes_parallel(model):
        options["parallel_tool_calls"] = asked.parallel
    try:
        return model.bind_tools(tools, **options)
    except NotImplementedError as error:
        msg = "this server's model cannot call tools"
        raise RequestError(msg) from error
    except ValueError as error:
        msg = f"tools: {error}"
        raise RequestError(msg) from error


def _tool(tool: ToolOffer, family: Family, *, native: bool) -> dict[str, Any]:
    # Without a description Anthropic's own form is not recognised as such.
    if native and (family == "openai" or tool.description or tool.schema is None):
        return tool.raw
    if tool.schema is None:
        msg = f"tools: {tool.raw.get('type')!r} is not known to this server's model"
        raise RequestError(msg)
    function: dict[str, Any] = {"name": tool.name, "description": tool.description}
    function["parameters"] = tool.schema
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _tool_choice(choice: str, family: Family) -> Any:
    if choice.startswith("="):
        return choice[1:]
    # A word that it does not know is the name of a tool for Anthropic's class.
    return {"type": "none"} if choice == "none" and family == "anthropic" else choice


def _takes_parallel(model: BaseChatModel) -> bool:
    return "parallel_tool_calls" in signature(innermost(model).bind_tools).parameters
