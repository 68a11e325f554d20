"""Outputs of real tools, made on the machine that runs the tests.

Each is what an agent would get from a tool: listings and records of the files and
packages that are here, sources and pages of Python itself, a log of its imports.
"""

from __future__ import annotations

import ast
import csv
import difflib
import io
import json
import pydoc
import re
import subprocess
import sys
import sysconfig
import textwrap
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

_LIBRARY: Final = Path(sysconfig.get_paths()["stdlib"])
_FEW: Final = 260


def _files() -> list[Path]:
    """Return modules of the standard library, in order."""
    return sorted(_LIBRARY.glob("[a-z]*/[a-z]*.py"))[:_FEW]


def records() -> str:
    """One flat record per module, as a file API would list them."""
    return json.dumps([_facts(file) for file in _files()], indent=2)


def record_lines() -> str:
    """The same as JSON Lines, in an envelope of its own per line."""
    return "\n".join(json.dumps(_facts(file)) for file in _files())


def _facts(file: Path) -> dict[str, object]:
    text = file.read_text("utf-8", "replace")
    return {
        "path": f"lib/{file.relative_to(_LIBRARY)}",
        "bytes": len(text),
        "lines": text.count("\n"),
        "package": file.parent.name,
        "license": "PSF",
        "status": "ok",
    }


def nested() -> str:
    """The trees of what some modules define."""
    modules = ["json/decoder.py", "json/encoder.py", "http/cookies.py", "csv.py"]
    trees = {name: _tree(_LIBRARY / name) for name in modules}
    return json.dumps({"root": "lib", "complete": True, "modules": trees}, indent=2)


def _tree(file: Path) -> dict[str, object]:
    parsed = ast.parse(file.read_text("utf-8"))
    return {"doc": (ast.get_docstring(parsed) or "")[:80], "body": _defined(parsed)}


def _defined(node: ast.AST) -> list[dict[str, object]]:
    return [
        {
            "name": inner.name,
            "line": inner.lineno,
            "kind": type(inner).__name__,
            "decorators": len(inner.decorator_list),
            "members": _defined(inner),
        }
        for inner in ast.iter_child_nodes(node)
        if isinstance(inner, ast.ClassDef | ast.FunctionDef)
    ]


@cache
def import_log() -> str:
    """The log that Python writes of its imports."""
    code = "import asyncio, email.mime.text, http.client, logging.config, unittest.mock"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code],
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stderr


def service_log() -> str:
    """A log of a service that serves the files of the standard library."""
    return "".join(
        f"2026-03-0{1 + n % 9} 12:{n % 60:02d}:{n * 7 % 60:02d},{n % 1000:03d} INFO "
        f"server.files: sent {file.name} to 10.0.{n % 4}.{n % 250} in {3 + n % 19} ms\n"
        for n, file in enumerate(_files() * 3)
    )


def tracebacks() -> str:
    """The same failure of a worker, again and again, with what it logged between."""
    source = "import json\nfor n in range(40):\n    json.loads('{' * (1 + n % 2))\n"
    failing = source.replace("    json", "    try:\n        json") + textwrap.indent(
        "except ValueError:\n    import traceback\n    traceback.print_exc()\n"
        "    import sys\n    print(f'worker: retrying job {n}', file=sys.stderr)\n",
        "    ",
    )
    done = subprocess.run(
        [sys.executable, "-c", failing], capture_output=True, check=True, text=True
    )
    return done.stderr


def comma_table() -> str:
    """The facts of all modules, as CSV."""
    out = io.StringIO()
    rows = [_facts(file) for file in _files()]
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def fixed_table() -> str:
    """The facts of all modules, in columns as commands print them."""
    lines = [f"{'PATH':<48} {'BYTES':>9} {'LINES':>7} STATUS PACKAGE"]
    for facts in map(_facts, _files()):
        path, size, count = facts["path"], facts["bytes"], facts["lines"]
        end = f"{facts['status']:<6} {facts['package']}"
        lines.append(f"{path:<48} {size:>9} {count:>7} {end}")
    return "\n".join(lines) + "\n"


def readme() -> str:
    """What this project says of itself."""
    root = Path(__file__).parents[2]
    files = [root / "README.md", *sorted((root / "docs").glob("*.md"))]
    return "\n".join(file.read_text("utf-8") for file in files)


def page() -> str:
    """A page that pydoc makes of a module."""
    thing, name = pydoc.resolve("argparse") or (argparse_missing(), "")
    return pydoc.html.page(name, pydoc.html.document(thing, name))


def argparse_missing() -> object:
    """Fail: argparse is part of Python."""
    msg = "pydoc does not find argparse"
    raise LookupError(msg)


def source() -> str:
    """A module of the standard library."""
    return (_LIBRARY / "argparse.py").read_text("utf-8")


def unified_diff() -> str:
    """The difference between modules after some of their names have changed."""
    return "".join(_differences(["json/decoder.py", "csv.py", "textwrap.py", "cmd.py"]))


def _differences(names: list[str]) -> Iterator[str]:
    for name in names:
        old = (_LIBRARY / name).read_text("utf-8").splitlines(keepends=True)
        new = [re.sub(r"\b(self|text|line)\b", r"\1_", line) for line in old]
        yield from difflib.unified_diff(old, new, f"a/lib/{name}", f"b/lib/{name}")


def matches() -> str:
    """Every line of the standard library's packages that raises, as grep prints it."""
    return "\n".join(
        f"lib/{file.relative_to(_LIBRARY)}:{number}:{line}"
        for file in _files()[:120]
        for number, line in enumerate(file.read_text("utf-8", "replace").split("\n"), 1)
        if "raise " in line
    )


OUTPUTS: Final[Mapping[str, Callable[[], str]]] = {
    "json records": records,
    "json lines": record_lines,
    "json tree": nested,
    "import log": import_log,
    "service log": service_log,
    "tracebacks": tracebacks,
    "csv": comma_table,
    "columns": fixed_table,
    "markdown": readme,
    "html": page,
    "code": source,
    "diff": unified_diff,
    "search": matches,
}
"""What makes each output, by name."""
