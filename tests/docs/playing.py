"""Plays the blocks of one page, as its reader would, and compares what is printed."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Self

from pages import ROOT, Block

from headroom_langchain import CCRStore
from headroom_langchain.cli import main
from headroom_langchain.cli.arguments import parser

PROGRAM: Final = "headroom-langchain"


class Page:
    """One page being read: what its Python blocks made, and what they printed."""

    def __init__(self, name: str, folder: Path) -> None:
        """Begin with an empty folder, which is the current one."""
        self._name = name
        self._folder = folder
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self._printed = ""
        self._kinds: Mapping[str, Callable[[Block], object]] = {
            "python": self._python,
            "text": self._text,
            "console": self._console,
            "bash": self._bash,
            "json": lambda block: json.loads(block.text),
            "toml": lambda block: tomllib.loads(block.text),
            # Drawn with letters; nothing to run.
            "diagram": lambda _: None,
        }

    def play(self, blocks: Iterable[Block]) -> None:
        """Run or check blocks, one after the other.

        Raises:
            AssertionError: One is of no known kind, or says what is not so.
        """
        for block in blocks:
            where = f"{self._name}, line {block.line}"
            assert block.kind in self._kinds, f"{where}: no such kind: {block.kind!r}"
            if block.file is not None:
                (self._folder / block.file).write_text(block.text, "utf-8")
            if block.file is None or block.kind != "text":
                self._kinds[block.kind](block)

    def __enter__(self) -> Self:
        """Begin to read."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the stores that the page left open, as the end of a program does."""
        for value in self._names.values():
            for found in (value, getattr(value, "store", None)):
                if isinstance(found, CCRStore):
                    found.close()

    def _python(self, block: Block) -> None:
        # Empty lines in front, so that tracebacks have the lines of the page.
        code = compile("\n" * block.line + block.text, self._name, "exec")
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(code, self._names)  # noqa: S102 - the page's own code
        self._printed += out.getvalue()

    def _text(self, block: Block) -> None:
        shown, self._printed = self._printed, ""
        assert same_output(block.text, shown), (
            f"{self._name}, line {block.line} shows\n{block.text}\nprinted was\n{shown}"
        )

    def _console(self, block: Block) -> None:
        for command in block.text.replace("\\\n", " ").splitlines():
            words = shlex.split(command, comments=True)
            if not words:
                continue
            if words[0] == PROGRAM and _serves(words[1:]):
                parser().parse_args(words[1:])
            elif words[0] == PROGRAM:
                self._run(words[1:])
            else:
                check_command(words)

    def _bash(self, block: Block) -> None:
        check = subprocess.run(
            ["bash", "-n"],  # noqa: S607 - whichever bash there is
            input=block.text,
            text=True,
            capture_output=True,
            check=False,
        )
        assert check.returncode == 0, check.stderr

    def _run(self, words: list[str]) -> None:
        raw, errors = io.BytesIO(), io.StringIO()
        with (
            io.TextIOWrapper(raw, encoding="utf-8", newline="\n") as out,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(errors),
        ):
            try:
                code: object = main(words)
            except SystemExit as end:
                code = end.code
            out.flush()
            self._printed += raw.getvalue().decode("utf-8")
        assert code == 0, f"{shlex.join(words)}\n{errors.getvalue()}"


def _serves(words: list[str]) -> bool:
    """Tell whether a command goes on until somebody ends it."""
    return words[0] in {"serve", "wrap"} and words[-1] != "--help"


def same_output(shown: str, printed: str) -> bool:
    """Tell whether a page shows what was printed.

    A line `...` stands for any lines; spaces at the end of a line do not count.
    """
    parts = re.split(r"^ *\.\.\.$\n?", _trimmed(shown), flags=re.MULTILINE)
    pattern = r"(?:.*\n)*?".join(re.escape(part) for part in parts)
    return re.fullmatch(pattern, _trimmed(printed)) is not None


def _trimmed(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.strip("\n").splitlines())


def check_command(words: list[str]) -> None:
    """Check a command that takes too long, or changes too much, to be run in a test.

    Raises:
        AssertionError: It cannot be right.
    """
    if words[:3] == ["python", "-m", "pip"]:
        words = words[2:]
    match words:
        case ["pip", "install", *wanted]:
            _check_extras(wanted)
        case ["python", "-m", module, *_]:
            file = ROOT / module.replace(".", "/")
            ours = file.is_dir() or file.with_suffix(".py").is_file()
            installed = "." not in module and importlib.util.find_spec(module)
            assert ours or installed, f"there is no module {module}"
        case [script, *_] if script.startswith(".ci/"):
            assert (ROOT / script).is_file(), f"there is no {script}"
        case ["ruff" | "mypy" | "lint-imports" | "mkdocs" | "export", *_]:
            pass
        case _:
            msg = f"a command that no test knows: {shlex.join(words)}"
            raise AssertionError(msg)


def _check_extras(wanted: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = set(project["optional-dependencies"])
    for requirement in wanted:
        found = re.fullmatch(r"(?:headroom-langchain|\.)\[([\w,-]+)\]", requirement)
        named = set(found.group(1).split(",")) if found else set()
        assert named <= extras, f"{requirement}: no such extra in {sorted(extras)}"
