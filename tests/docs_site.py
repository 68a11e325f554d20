"""Builds the documentation as a site, as strictly as it can be built."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

_CONFIG = Path(__file__).parents[1] / "docs" / "site" / "mkdocs.yml"
_SECONDS = 240


def built_site(folders: pytest.TempPathFactory) -> Path:
    """Return the site, built once for all processes of a run of the tests.

    A machine without MkDocs skips the test.

    Raises:
        AssertionError: The build failed, or had a warning.
    """
    for package in ("mkdocs", "material", "mkdocstrings_handlers.python"):
        pytest.importorskip(
            package, reason="needs pip install 'headroom-langchain[docs]'"
        )
    root = folders.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent  # what the processes of this run have in common
    folder = root / "site"
    with (root / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder.with_suffix(".built")
        if not done.exists():
            _build(folder)
            done.touch()
    return folder


def _build(folder: Path) -> None:
    words = ["-m", "mkdocs", "build", "--strict", "--config-file", str(_CONFIG)]
    done = subprocess.run(
        [sys.executable, *words, "--site-dir", str(folder)],
        # What the theme says of its own future is no matter of a build.
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "WARNING" not in said, said
