"""The public surface is small, complete and frozen."""

from __future__ import annotations

import dataclasses
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import headroom_langchain

ROOT = Path(__file__).parents[1]


def test_the_names_are_these() -> None:
    """A name that comes or goes is a decision, and shows here."""
    assert headroom_langchain.__all__ == sorted(headroom_langchain.__all__)
    assert set(headroom_langchain.__all__) == {
        "AtRest",
        "Bias",
        "BlockReport",
        "ByteStoreCCRStore",
        "CCRStore",
        "CacheAligner",
        "CallReport",
        "CompressMessages",
        "CompressedText",
        "CompressionHooks",
        "CompressionPolicy",
        "CompressionResult",
        "ConfigurationError",
        "CustomEvents",
        "Extension",
        "HeadroomCallbackHandler",
        "HeadroomChatModel",
        "HeadroomDocumentCompressor",
        "HeadroomError",
        "HeadroomMiddleware",
        "InMemoryCCRStore",
        "KeyCollisionError",
        "LangGraphCCRStore",
        "Ledger",
        "ModelPrice",
        "NotAChatModelError",
        "Original",
        "Prices",
        "RequestReport",
        "RetrievalReport",
        "RetrievalTimeoutError",
        "Savings",
        "SharedContext",
        "SharedReference",
        "SqliteCCRStore",
        "StoreError",
        "ToolRule",
        "Totals",
        "__version__",
        "acompress",
        "compress",
        "compress_text",
        "create_retrieve_tool",
        "headroom_usage",
        "prompt_with_documents",
        "record_documents",
        "wrap_tools",
    }


@pytest.mark.parametrize("name", headroom_langchain.__all__)
def test_every_name_is_there_and_documented(name: str) -> None:
    """Each public name resolves, and each class and function says what it is."""
    value = getattr(headroom_langchain, name)
    if not isinstance(value, str):
        assert inspect.getdoc(value)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """The lazy module fails like any other."""
    with pytest.raises(AttributeError, match="Headrom"):
        _ = headroom_langchain.Headrom


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in headroom_langchain.__all__
        if dataclasses.is_dataclass(getattr(headroom_langchain, name))
    ],
)
def test_public_values_are_frozen_and_keyword_only(name: str) -> None:
    """A public value can get a field without breaking anybody."""
    value = getattr(headroom_langchain, name)
    assert value.__dataclass_params__.frozen
    assert all(field.kw_only for field in dataclasses.fields(value))


def test_a_function_stays_a_function_whatever_is_imported_first() -> None:
    """No submodule takes the place of a public name."""
    code = (
        "import headroom_langchain.compressing, headroom_langchain as h;"
        "from headroom_langchain import compress_text, compress;"
        "assert callable(h.compress) and callable(compress)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_changelog_names_the_version() -> None:
    """The newest entry of the changelog is this version."""
    changelog = (ROOT / "docs" / "changelog.md").read_text("utf-8")
    newest = re.search(r"^## (\d+\.\d+\.\d+)", changelog, re.MULTILINE)
    assert newest is not None
    assert newest[1] == headroom_langchain.__version__


def test_the_environment_is_read_by_programs_only() -> None:
    """Settings are arguments: nothing but a command looks into the environment."""
    package = ROOT / "headroom_langchain"
    serving = package / "serve" / "operations"
    allowed = {
        package / "exact_tokens.py",
        serving / "metrics.py",
        serving / "worker_counts.py",
    }
    for path in sorted(package.rglob("*.py")):
        if "cli" in path.parts or path in allowed:
            continue
        assert not re.search(r"os\.environ|getenv", path.read_text("utf-8")), path
