"""What the application puts a model behind: paths, headers, and lists of one model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from headroom_langchain.serve.client import Client, Refused
from headroom_langchain.serve.model_backed.answer import Answer
from headroom_langchain.serve.model_backed.asked import Protocol
from headroom_langchain.serve.model_backed.backed import ModelBacked
from headroom_langchain.serve.tenants import tenant
from headroom_langchain.serve.wire.body import Body, Json
from headroom_langchain.serve.wire.frames import dumped
from headroom_langchain.serve.wire.headers import Headers
from headroom_langchain.serve.wire.problems import Problem
from headroom_langchain.tokens import estimate_tokens

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from headroom_langchain.serve.findings import Findings

_PATHS: Final[tuple[tuple[str, Protocol], ...]] = (
    ("/v1/messages", "messages"),
    ("/chat/completions", "chat"),
)
"""How paths end; whatever they are mounted below comes first."""
_SAYING: Final = ("content", "text", "thinking")
"""Fields of messages and blocks that a model reads."""
_AN_IMAGE: Final = 1_600
"""Tokens that an image or a document is taken for."""


class ModelBackend:
    """Answers an application's requests with a chat model."""

    def __init__(
        self,
        model: BaseChatModel,
        *,
        heartbeat: float = 5.0,
        namespace: str | None = None,
    ) -> None:
        """Set up.

        Args:
            model: What answers, whatever model a request names.
            heartbeat: Seconds without a chunk after which a client is told that the
                stream is alive.
            namespace: The tenant of all requests; `None` for one for each credential.
        """
        self._backed = ModelBacked(model, heartbeat=heartbeat)
        self._namespace = namespace
        self._name = _name_of(model)

    async def serve(self, client: Client, findings: Findings) -> None:
        """Answer a request, and note what is found out about it.

        Raises:
            Refused: It is not served.
            Left: The client has left.
        """
        path = client.path.rstrip("/")
        protocol = next((p for end, p in _PATHS if path.endswith(end)), None)
        if client.method == "POST" and protocol is not None:
            await self._speak(client, findings, protocol)
        elif client.method == "POST" and path.endswith("/v1/messages/count_tokens"):
            await _tell(client, {"input_tokens": _counted(await _read(client))})
        elif client.method == "GET" and (listed := self._listed(client)) is not None:
            await _tell(client, listed)
        else:
            said = (
                f"There is no {client.method} {client.path} here: a model behind this "
                "server speaks Anthropic Messages and OpenAI Chat Completions."
            )
            raise Refused(Problem(status=404, message=said))

    async def close(self) -> None:
        """Do nothing: the model is its owner's."""

    async def _speak(
        self, client: Client, findings: Findings, protocol: Protocol
    ) -> None:
        findings.dialect = protocol
        body = await _read(client)
        model = body.get("model")
        findings.model = model if isinstance(model, str) else ""
        findings.stream = body.get("stream") is True
        await client.begin(protocol, findings.model, findings.stream)
        findings.namespace = self._namespace or tenant(client.headers)
        answer = await self._backed.answer(
            protocol,
            body,
            betas=_betas(client.headers),
            namespace=findings.namespace,
        )
        try:
            await _send(client, answer)
        finally:
            await answer.close()
            _note(findings, answer)

    def _listed(self, client: Client) -> Json | None:
        """Return the list of models, or the one model, in the words of the client."""
        anthropic = any(name == b"anthropic-version" for name, _ in client.headers)
        model: Json = {"id": self._name}
        if anthropic:
            since = "1970-01-01T00:00:00Z"
            model |= {"type": "model", "display_name": self._name, "created_at": since}
        else:
            model |= {"object": "model", "created": 0, "owned_by": "headroom-langchain"}
        _, found, named = unquote(client.path).rpartition("/models")
        if not found:
            return None
        if named in ("", "/"):
            ends = {"has_more": False, "first_id": self._name, "last_id": self._name}
            return {"data": [model], **(ends if anthropic else {"object": "list"})}
        return model if named == f"/{self._name}" else None


async def _send(client: Client, answer: Answer) -> None:
    if isinstance(answer.body, bytes):
        length = (b"content-length", str(len(answer.body)).encode())
        await client.respond(answer.status, [*answer.headers, length], answer.body)
        return
    await client.start(answer.status, answer.headers)
    async for data in answer.chunks():
        await client.send(data)
    await client.end()


def _note(findings: Findings, answer: Answer) -> None:
    findings.problem = answer.problem
    if answer.refused:
        findings.outcome = "refused"
    findings.usage = answer.usage
    if (report := answer.report) is not None:
        findings.blocks = report.blocks
        findings.retrievals = report.retrievals
        findings.rounds = report.rounds
        findings.notes += report.notes


async def _read(client: Client) -> Json:
    body = Body.of(await client.body())
    if body is None:
        said = "The request's body is no JSON object."
        raise Refused(Problem(status=400, message=said))
    return body.value


async def _tell(client: Client, told: Json) -> None:
    raw = dumped(told)
    length = (b"content-length", str(len(raw)).encode())
    await client.respond(200, [(b"content-type", b"application/json"), length], raw)


def _counted(body: Json) -> int:
    """Estimate the tokens of a request of Messages."""
    said = sum(_tokens(body.get(name)) for name in ("system", "messages"))
    tools = body.get("tools")
    return max(1, said + (_as_json(tools) if tools else 0))


def _tokens(value: Any) -> int:
    """Estimate the tokens of what a part of a conversation says."""
    if isinstance(value, str):
        return estimate_tokens(value)
    if isinstance(value, list):
        return sum(map(_tokens, value))
    if not isinstance(value, dict):
        return 0
    if value.get("type") in ("image", "document"):
        return _AN_IMAGE
    if "input" in value:
        return _as_json(value["input"])
    return sum(_tokens(value[name]) for name in _SAYING if name in value)


def _as_json(value: Any) -> int:
    return estimate_tokens(dumped(value).decode())


def _betas(headers: Headers) -> list[str]:
    values = (v.decode("latin-1") for name, v in headers if name == b"anthropic-beta")
    return [
        beta.strip() for value in values for beta in value.split(",") if beta.strip()
    ]


def _name_of(model: BaseChatModel) -> str:
    name = model._get_ls_params().get("ls_model_name")
    return str(name or type(model).__name__)
