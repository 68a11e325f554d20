"""Run the notebooks as a reader would, each in a fresh kernel.

`python -m tests.notebooks.execute` runs all of them, and fails on an error and on
anything that is written to the standard error. With `--write` what they show is saved
in them. Names choose some of them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[2] / "notebooks"
_OFFLINE: Final = str(Path(__file__).with_name("offline.py"))
_FIRST: Final = f"__import__('runpy').run_path({_OFFLINE!r})"
"""What a kernel does first; it leaves no name behind."""
_SECONDS: Final = 120
"""How long one cell may take, and a kernel to start."""
_SECRET: Final = ("_API_KEY", "_TOKEN", "_SECRET")
_TRACING: Final = ("LANGSMITH_", "LANGCHAIN_", "OTEL_")
_METADATA: Final = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def notebooks() -> list[Path]:
    """Return the notebooks, in the order of their names."""
    return sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> Any:
    """Read a notebook."""
    import nbformat

    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # it has no types


def find_fonts() -> None:
    """Let matplotlib look for fonts, which it does once, slowly, and not in silence."""
    look = "import matplotlib.font_manager"
    subprocess.run([sys.executable, "-c", look], check=True, capture_output=True)


def executed(path: Path) -> Any:
    """Run a notebook in an empty folder, and return it with what it shows.

    Raises:
        CellExecutionError: A cell raised.
    """
    from nbclient import NotebookClient

    notebook = read(path)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=_SECONDS,
            startup_timeout=_SECONDS,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            coalesce_streams=True,
            record_timing=False,
            extra_arguments=[f"--IPKernelApp.exec_lines={_FIRST}", "--log-level=40"],
        )
        client.execute(env=_environment(folder))
    return tidy(notebook)


def _environment(folder: str) -> Mapping[str, str]:
    """Return the environment without keys and without the settings of a user."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.endswith(_SECRET) and not name.startswith(_TRACING)
    }
    return {
        **kept,
        "IPYTHONDIR": str(Path(folder) / ".ipython"),
        "PYTHONPATH": str(FOLDER.parent),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def tidy(notebook: Any) -> Any:
    """Leave out of a notebook what differs from run to run and says nothing."""
    notebook.metadata = _METADATA
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number}"
        tags = cell.metadata.get("tags")
        cell.metadata = {"tags": tags} if tags else {}
        for output in cell.get("outputs", ()):
            if len(data := output.get("data", {})) > 1:
                data.pop("text/plain", None)  # for terminals, and very long
    return notebook


def complaints(notebook: Any) -> list[str]:
    """Return what a run wrote to the standard error, which should be nothing."""
    return [
        f"{cell.id}: {output.text}"
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "stream" and output.name == "stderr"
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the notebooks that are named, or all."""
    import nbformat

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="such as quickstart; default: all")
    parser.add_argument("--write", action="store_true", help="save the outputs")
    options = parser.parse_args(arguments)
    find_fonts()
    failed = 0
    for path in notebooks():
        if options.names and path.stem not in options.names:
            continue
        notebook = executed(path)
        for said in complaints(notebook):
            failed += 1
            sys.stderr.write(f"{path.name}: {said}\n")
        if options.write:
            nbformat.write(notebook, path)  # type: ignore[no-untyped-call]  # likewise
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
