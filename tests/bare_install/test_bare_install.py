"""The package works with nothing installed but what it requires."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import headroom_langchain

PACKAGE = Path(headroom_langchain.__file__).parent
HERE = Path(__file__).parent
REMEDY = re.compile(r"pip install '?headroom-langchain\[\w+\]'?")


def required() -> list[str]:
    """Return what the package requires without extras, and all that this requires."""
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))
    waiting = [Requirement(line) for line in project["project"]["dependencies"]]
    found: dict[str, None] = {}
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        found[name] = None
        extras = ["", *requirement.extras]
        for line in distribution(name).requires or ():
            needed = Requirement(line)
            marker = needed.marker
            if not marker or any(marker.evaluate({"extra": one}) for one in extras):
                waiting.append(needed)
    return sorted(found)


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of an environment with the package's requirements.

    They are linked from this environment, so that nothing need be downloaded.
    """
    root = tmp_path_factory.mktemp("bare")
    venv.create(root, symlinks=True)
    (site,) = root.glob("lib/python*/site-packages")
    for name in required():
        links = {file.parts[0] for file in distribution(name).files or ()}
        for link in links - {"..", "__pycache__"}:
            if not (site / link).exists():
                (site / link).symlink_to(str(distribution(name).locate_file(link)))
    (site / PACKAGE.name).symlink_to(PACKAGE)
    return root / "bin" / "python"


def run(python: Path, *words: str, code: int = 0) -> str:
    environment = {
        key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ
    }
    done = subprocess.run(
        [python, "-W", "error", *words],
        check=False,
        capture_output=True,
        text=True,
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=python.parent,
    )
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_nothing_optional_is_there(bare_python: Path) -> None:
    """The environment has what is required, and no package of an extra."""
    code = (
        "import importlib.util as u;"
        "print([n for n in ('langchain_core', 'langgraph', 'rich', 'langchain',"
        " 'uvicorn', 'opentelemetry', 'onnxruntime') if u.find_spec(n)])"
    )
    assert run(bare_python, "-c", code).split() == [
        "['langchain_core',",
        "'langgraph']",
    ]
    assert Path(sys.executable) != bare_python


def test_every_public_name_is_there_or_says_what_to_install(bare_python: Path) -> None:
    """A name that needs more than the core says what to install; no other fails."""
    refusals = json.loads(run(bare_python, str(HERE / "every_name.py")))
    assert "HeadroomMiddleware" in refusals
    silent = {name: why for name, why in refusals.items() if not REMEDY.search(why)}
    assert silent == {}


def test_a_call_needs_no_extra(bare_python: Path) -> None:
    """A wrapped model compresses and retrieves with the core alone."""
    code = """
import json
from langchain_core.messages import ToolMessage
from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing import ScriptedChatModel, ask_for_original
rows = json.dumps([{"n": n, "at": n * 7919 % 1009} for n in range(2000)])
model = ScriptedChatModel(turns=[ask_for_original("1009"), "Done."])
llm = HeadroomChatModel(model)
print(llm.invoke([("human", "?"), ToolMessage(rows, tool_call_id="1")]).text)
print(llm.report.tokens_after < llm.report.tokens_before / 2, llm.report.rounds)
"""
    assert run(bare_python, "-c", code).split() == ["Done.", "True", "2"]


def test_a_command_without_its_extra_says_what_to_install(bare_python: Path) -> None:
    """The demo draws with rich; without it the command ends with the remedy."""
    told = run(bare_python, "-m", "headroom_langchain", "demo", code=1)
    assert REMEDY.search(told)
    assert "Traceback" not in told


def test_commands_that_need_no_extra_run(bare_python: Path, tmp_path: Path) -> None:
    """A file is compressed and retrieved with the core alone."""
    file, store = tmp_path / "rows.json", str(tmp_path / "originals.db")
    file.write_text(json.dumps([{"n": n, "at": n * 7919 % 1009} for n in range(900)]))
    command = ("-m", "headroom_langchain")
    run(bare_python, *command, "compress", str(file), "--store", store)
    told = run(bare_python, *command, "compress", str(file), "--store", store, "--json")
    key = json.loads(told)["key"]
    whole = run(bare_python, *command, "retrieve", key, "--store", store, "--whole")
    assert whole == file.read_text()
