"""The README's code runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(
    r"^```python\n(.*?)^```", README.read_text("utf-8"), re.MULTILINE | re.DOTALL
)


def test_every_python_block_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The blocks run one after the other, as a reader would type them."""
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {}
    try:
        for block in BLOCKS:
            exec(compile(block, str(README), "exec"), namespace)  # noqa: S102 - the README's own code
    finally:
        for value in namespace.values():
            if isinstance(value, namespace["HeadroomChatModel"]):
                value.store.close()
    assert len(BLOCKS) >= 4
    shown = capsys.readouterr().out
    # What the README shows of the output is what is printed.
    for example in re.findall(
        r"^```text\n(.*?)^```", README.read_text("utf-8"), re.MULTILINE | re.DOTALL
    ):
        assert example.strip() in shown
