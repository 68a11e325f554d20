"""Large results handed from one agent to another by reference."""

from __future__ import annotations

from headroom_langchain.shared_context.context import SharedContext
from headroom_langchain.shared_context.reference import SharedReference, SharedStats
from headroom_langchain.shared_context.search import SharedPassages

__all__ = ["SharedContext", "SharedPassages", "SharedReference", "SharedStats"]
