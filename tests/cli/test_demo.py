"""The demo runs by itself and says what is real."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING

import pytest
from commands import run, told
from langchain_core.messages import ToolMessage

from headroom_langchain import HeadroomChatModel
from headroom_langchain.cli.demo import conversation
from headroom_langchain.cli.demo_script import (
    at_least,
    imports,
    requirements,
    scripted_model,
)
from headroom_langchain.cli.demo_values import Output

if TYPE_CHECKING:
    from pathlib import Path


def _log(slowest: int, importer: int) -> str:
    """Write a log of 900 imports: one is the slowest, a later one imports it."""
    lines = ["import time: self [us] | cumulative | imported package"]
    for number in range(900):
        own = 91_234 if number == slowest else 100 + number % 90
        depth, name = 5, f"walnut.part{number}"
        if number == importer:
            depth, name = 3, "walnut.core"
        lines.append(f"import time: {own:9} | {own:10} |{' ' * depth}{name}")
    lines.append("import time:         1 |     200000 | walnut")
    return "\n".join(lines) + "\n"


def _packages(*names: str) -> str:
    """Write packages as pip does, of which the walnut requires something."""
    needed = ["almond>=2", "pecan", "hazel; extra == 'nuts'", "brazil<3", "cashew"]
    needed += [f"spread{n}; extra == 'spread'" for n in range(30)]
    installed = [
        {
            "metadata": {
                "name": name,
                "version": "1.0",
                "description": f"All of {name}. " * 60,
                "requires_dist": needed if name == "walnut" else ["pecan"],
            }
        }
        for name in names
    ]
    return json.dumps({"version": "1", "installed": installed}, indent=2)


def _outputs(log: str, packages: str) -> list[Output]:
    return [
        Output(name="log", command="log", raw=log.encode()),
        Output(name="packages", command="packages", raw=packages.encode()),
    ]


TREES = [f"tree{n}" for n in range(60)]


def test_the_demo_ends_well_without_a_terminal() -> None:
    """In a pipe it runs to its end, says what is scripted, and proves the bytes."""
    result = run("demo")
    assert told(result, code=0) == ""
    shown = result.stdout.decode()
    assert "The model is scripted" in shown
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert len(re.findall(r"headroom_retrieve\(hash=[0-9a-f]{8}\.\.\.", shown)) >= 2
    assert len(re.findall(r"sha256 [0-9a-f]{16} +equal", shown)) == 2


def test_the_demo_needs_no_pip_and_no_unicode(tmp_path: Path) -> None:
    """Without pip and on an ASCII terminal it shows the same from what there is."""
    (tmp_path / "pip.py").write_text("raise SystemExit(1)\n")
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "ascii"}
    result = run("demo", "--no-color", environment=environment)
    assert told(result, code=0) == ""
    shown = result.stdout.decode("ascii")
    assert "no pip here" in shown
    assert len(re.findall(r"sha256 [0-9a-f]{16} +equal", shown)) == 2


def test_the_demo_says_that_rich_is_missing(tmp_path: Path) -> None:
    """Without rich the demo names the extra that brings it."""
    (tmp_path / "rich").mkdir()
    (tmp_path / "rich" / "__init__.py").write_text("raise ImportError\n")
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    result = run("demo", environment={**os.environ, "PYTHONPATH": path})
    assert "pip install 'headroom-langchain[cli]'" in told(result, code=1)


def test_a_model_that_does_not_exist_is_an_error() -> None:
    """A model that cannot be had ends the demo with its name and no traceback."""
    result = run("demo", "--model", "nobody:nothing")
    assert "no model 'nobody:nothing'" in told(result, code=1)


def test_the_script_tells_what_only_the_originals_say() -> None:
    """The scripted answer has values that are in no excerpt, only in an original."""
    inner = scripted_model()
    llm = HeadroomChatModel(inner)
    outputs = _outputs(_log(400, 432), _packages("acorn", "beech", "walnut", *TREES))
    said = "".join(chunk.text for chunk in llm.stream(conversation(outputs)))
    assert "`walnut.part400` costs the most by itself: 91.2 ms of 200.0 ms" in said
    assert "`walnut.core` imports it (line 434 of the log)" in said
    assert "`walnut` requires almond, pecan, brazil, cashew." in said
    excerpts = "".join(
        message.text
        for message in inner.requests[0].messages
        if isinstance(message, ToolMessage)
    )
    assert "walnut.core" not in excerpts


def test_the_script_says_what_it_could_not_find() -> None:
    """Where the retrieved lines have no answer, the script does not make one up."""
    outputs = _outputs(_log(400, importer=-1), _packages(*TREES))
    llm = HeadroomChatModel(scripted_model())
    said = llm.invoke(conversation(outputs)).text
    assert "I found no line about what imports it" in said
    assert "I found no requirements of `walnut`" in said


@pytest.mark.parametrize("numbered", ["", "17: "])
def test_lines_of_the_log_are_read_with_and_without_numbers(numbered: str) -> None:
    """A line of the log reads the same as the tool wrote it and as retrieved."""
    (found,) = imports(f"{numbered}import time:   12 |    345 |     a.b\n[... 3 lines]")
    assert (found.own, found.total, found.depth) == (12, 345, 5)
    assert (found.module, found.package) == ("a.b", "a")
    assert found.line == (17 if numbered else 0)


PATH = """1 of 1 values at `$.installed[7].metadata.requires_dist` of 0123:
$.installed[7].metadata.requires_dist (lines 8-12): [
      "a-b>=1; python_version < '4'",
      "c; extra == 'x'",
      "d"
    ]"""
PASSAGES = """Passages of 0123: 9 of 99 matching lines, of 999.
@ $.installed[0].metadata (name: "acorn", version: "1.0")
9:         "requires_dist": [
10:           "beech"
@ $.installed[1].metadata (name: "Wal-nut", version: "1.0")
26:         "name": "Wal-nut",
29:         "requires_dist": [
30:           "a-b>=1; python_version < '4'",
31:           "c; extra == 'x'",
@ $.installed[1].metadata.requires_dist (name: "Wal-nut", version: "1.0")
35:           "d"
36:         ],
37:         "summary": "none",
@ $.installed[2].metadata.requires_dist (name: "tree", version: "1.0")
50:           "birch","""


@pytest.mark.parametrize("answer", [PATH, PASSAGES], ids=["path", "passages"])
def test_only_what_the_package_itself_requires_is_named(answer: str) -> None:
    """Requirements of extras and of other packages are left out."""
    assert requirements(answer, "wal_nut") == ["a-b", "d"]


@pytest.mark.parametrize("number", [10, 90, 109, 899, 1234, 9000, 40825, 99999])
def test_the_script_asks_for_every_number_as_large(number: int) -> None:
    """The regular expression for large numbers matches that one and all above."""
    pattern = re.compile(at_least(number).strip("/"))
    below = 10 ** max(1, len(str(number)) - 1)
    for other in [number, number + 1, 2 * number + 9, 10 * number + 10, 10**7]:
        assert pattern.search(f"import time: {other:9} | {other:9} | a")
    for other in range(0, below, max(1, below // 50)):
        assert not pattern.search(f"import time: {other:9} | {other:9} | a")
