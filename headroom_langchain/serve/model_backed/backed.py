"""A model behind the protocols: one request in, one answer out, without any server.

A stream's status is known once the model has begun to answer, so that a failure before
that is a status of HTTP and no broken stream. Only a model that takes long to begin
gets its stream opened before.
"""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.language_models import BaseChatModel

from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE
from headroom_langchain.serve.model_backed.answer import Answer, failed
from headroom_langchain.serve.model_backed.asked import Protocol, RequestError
from headroom_langchain.serve.model_backed.calling import call_of
from headroom_langchain.serve.model_backed.chat_request import read_chat
from headroom_langchain.serve.model_backed.family import Variants, family
from headroom_langchain.serve.model_backed.messages_request import read_messages
from headroom_langchain.serve.model_backed.remembering import Remembered
from headroom_langchain.serve.model_backed.turn import ModelTurn
from headroom_langchain.serve.wire.body import Json
from headroom_langchain.serve.wire.problems import Problem


class ModelBacked:
    """Answers requests of Messages and Chat Completions with a chat model.

    Example:
        ```python
        backed = ModelBacked(HeadroomChatModel(ChatAnthropic(model="...")))
        answer = await backed.answer("chat", {"messages": [...], "stream": True})
        async for data in answer.chunks():
            ...
        ```
    """

    def __init__(self, model: BaseChatModel, *, heartbeat: float = 5.0) -> None:
        """Set up.

        Args:
            model: What answers, whatever model a request names.
            heartbeat: Seconds without a chunk after which a client is told that the
                stream is alive.
        """
        self.model = model
        self._heartbeat = heartbeat
        self._family = family(model)
        self._variants = Variants(model)
        self._remembered = Remembered()

    async def answer(
        self,
        protocol: Protocol,
        body: Json,
        *,
        betas: Sequence[str] = (),
        namespace: str = DEFAULT_NAMESPACE,
    ) -> Answer:
        """Answer a request.

        Args:
            protocol: Which one it speaks.
            body: Its body.
            betas: The features that its `anthropic-beta` header names.
            namespace: Whose originals it may see.

        Returns:
            The answer, also when the request is refused or the model fails.
        """
        model = body.get("model")
        named = model if isinstance(model, str) else ""
        try:
            read = read_messages if protocol == "messages" else read_chat
            asked = read(body, self._family)
            call = call_of(self._variants, asked, self._family, betas)
        except (RequestError, AttributeError, TypeError, ValueError) as error:
            # What has another type than it should have is met while it is read.
            said = (
                str(error) if isinstance(error, RequestError) else "malformed request"
            )
            problem = Problem(status=400, message=said)
            refused = failed(protocol, problem, model=named)
            refused.refused = True
            return refused
        turn = ModelTurn(
            asked=asked,
            call=call,
            messages=self._remembered.restored(asked.messages, namespace),
            namespace=namespace,
            remembered=self._remembered,
            ends_with_reason=bool(self._family),
            heartbeat=self._heartbeat,
        )
        return await (turn.streamed() if asked.stream else turn.whole())
