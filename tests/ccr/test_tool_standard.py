"""LangChain's own tests for tools."""

from __future__ import annotations

from typing import Any

from langchain_core.tools import BaseTool
from langchain_tests.integration_tests import ToolsIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests

from headroom_langchain.ccr.store.base import Original
from headroom_langchain.ccr.store.memory import InMemoryCCRStore
from headroom_langchain.ccr.tool import create_retrieve_tool

LOG = Original.of("".join(f"step {n} took {n * 3} ms\n" for n in range(500)))


def make_tool() -> BaseTool:
    """Make the tool over a store with one original."""
    store = InMemoryCCRStore()
    store.put(LOG)
    return create_retrieve_tool(store)


class TestUnit(ToolsUnitTests):
    """The unit tests that every tool should pass."""

    @property
    def tool_constructor(self) -> Any:
        """Return the tool."""
        return make_tool()

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        """Return arguments that work."""
        return {"hash": LOG.key, "query": "step 17"}


class TestIntegration(ToolsIntegrationTests):
    """The integration tests that every tool should pass."""

    @property
    def tool_constructor(self) -> Any:
        """Return the tool."""
        return make_tool()

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        """Return arguments that work."""
        return {"hash": LOG.key, "lines": "3-5"}
