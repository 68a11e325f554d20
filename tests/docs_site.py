"""Builds the documentation as a site, as strictly as it can be built."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_CONFIG = Path(__file__).parents[1] / "docs" / "site" / "mkdocs.yml"
_SECONDS = 240


def built_site(folder: Path) -> Path:
    """Build the site in a folder; a machine without MkDocs skips the test.

    Raises:
        AssertionError: The build failed, or had a warning.
    """
    for package in ("mkdocs", "material", "mkdocstrings_handlers.python"):
        pytest.importorskip(
            package, reason="needs pip install 'headroom-langchain[docs]'"
        )
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
    return folder
