"""An answer in one piece, which may have taken several rounds."""

from __future__ import annotations

from typing import Literal

from headroom_langchain.serve.dialects.dialect import Spoken
from headroom_langchain.serve.dialects.messages.blocks import Block
from headroom_langchain.serve.dialects.messages.said import Said, answer_usage
from headroom_langchain.serve.wire.body import Json


class MessagesWhole:
    """One answer."""

    def __init__(self, counts: Literal["sum", "last"]) -> None:
        """Start before the first round.

        Args:
            counts: Which rounds its usage counts.
        """
        self._counts: Literal["sum", "last"] = counts
        self._rounds: list[Said] = []
        self._answers: list[Json] = []

    @property
    def container(self) -> Json | None:
        """Where the API has run code in this round, if it has."""
        return self._rounds[-1].container

    def take(self, answer: Json) -> None:
        """Take in the upstream's answer of a round."""
        self._answers.append(answer)
        content, container = answer.get("content"), answer.get("container")
        usage = answer.get("usage")
        blocks = content if isinstance(content, list) else []
        self._rounds.append(
            Said(
                blocks=tuple(Block.of(b) for b in blocks if isinstance(b, dict)),
                stop_reason=answer.get("stop_reason"),
                usage=usage if isinstance(usage, dict) else None,
                id=answer.get("id"),
                container=container if isinstance(container, dict) else None,
            )
        )

    def round(self) -> Spoken:
        """Return the round that was taken in last."""
        *before, last = self._rounds
        return last.spoken(
            complete=True,
            failed=not isinstance(self._answers[-1].get("content"), list),
            text=any(said.says for said in before),
        )

    def finish(self, closing: str = "") -> Json:
        """Return the answer for the client."""
        first, last, said = self._answers[0], self._answers[-1], self._rounds[-1]
        several = len(self._rounds) > 1
        hidden = any(block.hidden for said in self._rounds for block in said.blocks)
        if not isinstance(last.get("content"), list) or not (several or hidden):
            return last
        content = [
            block.value
            for said in self._rounds
            for block in said.blocks
            if not block.hidden
        ]
        if closing:
            content.append({"type": "text", "text": closing})
        answer = {**last, "content": content, "stop_reason": said.stopped}
        if several:
            answer["id"] = first.get("id")
            answer["usage"] = answer_usage(self._rounds, self._counts)
            used = [one.container for one in self._rounds if one.container is not None]
            answer |= {"container": used[-1]} if used else {}
        return answer
