"""The retrieve tool as chat models of LangChain describe it to a provider.

Tools stand at the very front of what a provider caches, so this text is final.
"""

from __future__ import annotations

from typing import Final

from langchain_core.utils.function_calling import convert_to_openai_function

from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.ccr.tool import RETRIEVE_TOOL_DESCRIPTION, RetrieveArguments
from headroom_langchain.serve.wire.body import Json

NAME: Final = RETRIEVE_TOOL_NAME
"""Its name."""

DESCRIPTION: Final = RETRIEVE_TOOL_DESCRIPTION
"""What the model is told about it."""

_WRITTEN: Final = convert_to_openai_function(RetrieveArguments)["parameters"]

SCHEMA: Final[Json] = {key: _WRITTEN[key] for key in ("properties", "required", "type")}
"""The JSON schema of its arguments; not to be changed."""
