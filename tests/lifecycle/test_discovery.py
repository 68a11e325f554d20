"""Installed extensions are found by entry point when they are asked for."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

MODULE = """
class First:
    def on_pipeline_event(self, event):
        print(type(self).__name__, event.stage)


class Second(First):
    pass


class Third(First):
    pass


class Given(First):
    pass


instance = Second()


def made():
    return Third()


def broken():
    raise RuntimeError("no licence")


nothing = 7
"""
"""What the package has, and names badly."""

POINTS = """
[headroom_langchain.extension]
zeta = shiny_extensions:First
middle = shiny_extensions:instance
alpha = shiny_extensions:made
gone = shiny_extensions:Missing
refuses = shiny_extensions:broken
useless = shiny_extensions:nothing
"""

RUN = """
import logging
logging.basicConfig(format="%(message)s")
from shiny_extensions import Given
from headroom_langchain import HeadroomChatModel, compress
from headroom_langchain.lifecycle import discover
from headroom_langchain.testing import ScriptedChatModel
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install a package with extensions, as pip does it from a wheel."""
    pytest.importorskip("pip")
    folder = tmp_path_factory.mktemp("wheel")
    wheel = folder / "shiny_extensions-1.0-py3-none-any.whl"
    info = "shiny_extensions-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as made:
        made.writestr("shiny_extensions.py", MODULE)
        made.writestr(f"{info}/entry_points.txt", POINTS)
        made.writestr(
            f"{info}/METADATA",
            "Metadata-Version: 2.1\nName: shiny-extensions\nVersion: 1.0\n",
        )
        made.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        made.writestr(f"{info}/RECORD", "")
    target = folder / "installed"
    pip = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check"]
    install = ["install", "--no-index", "--no-deps", "--target", str(target)]
    subprocess.run([*pip, *install, str(wheel)], check=True, capture_output=True)
    return target


def ran(code: str, installed: Path | None) -> tuple[list[str], str]:
    """Run code with the package installed; returns what it prints and logs."""
    root = Path(__file__).parents[2]
    places = [str(root)] if installed is None else [str(installed), str(root)]
    done = subprocess.run(
        [sys.executable, "-c", RUN.strip() + "\n" + code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines(), done.stderr


def test_extensions_are_found_in_the_order_of_their_names(installed: Path) -> None:
    """Classes, functions and instances are found, sorted by entry point."""
    said, _ = ran("print(*(type(e).__name__ for e in discover()))", installed)
    assert said == ["Third Second First"]


def test_what_cannot_be_loaded_is_told_in_the_log(installed: Path) -> None:
    """A broken package costs a warning that names it, and nothing else."""
    _, log = ran("discover()", installed)
    assert [line.split(":", 1)[0] for line in log.splitlines()] == [
        "Extension gone (shiny_extensions",
        "Extension refuses (shiny_extensions",
        "Extension useless (shiny_extensions",
    ]
    assert "RuntimeError: no licence" in log
    assert "7 is no extension: it has no method" in log


def test_found_extensions_come_after_those_given(installed: Path) -> None:
    """A model is told to discover, and tells the given extensions first."""
    said, _ = ran(
        "inner = ScriptedChatModel(turns=['Hello.'])\n"
        "model = HeadroomChatModel(inner, extensions=[Given()], discover=True)\n"
        "model.invoke('Hi')",
        installed,
    )
    first = [line.split()[0] for line in said[:4]]
    assert first == ["Given", "Third", "Second", "First"]
    assert [line for line in said if line.startswith("First")][-1] == (
        "First response_received"
    )


def test_extensions_are_loaded_once(installed: Path) -> None:
    """Copies of a model, and other surfaces, tell the same extensions."""
    said, log = ran("for _ in range(3): compress([], discover=True)", installed)
    assert said.count("First setup") == 3
    assert log.count("no licence") == 1


@pytest.mark.parametrize("code", ["compress([])", "HeadroomChatModel"])
def test_nobody_is_found_unasked(code: str, installed: Path) -> None:
    """Without `discover` an installed extension is not even looked for."""
    said, log = ran(code, installed)
    assert (said, log) == ([], "")
