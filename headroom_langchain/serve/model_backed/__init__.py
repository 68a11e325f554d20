"""Any chat model behind Anthropic Messages and OpenAI Chat Completions."""

from __future__ import annotations

from headroom_langchain.serve.model_backed.answer import Answer
from headroom_langchain.serve.model_backed.backed import ModelBacked
from headroom_langchain.serve.model_backed.endpoint import ModelBackend

__all__ = ["Answer", "ModelBacked", "ModelBackend"]
