"""Where several workers count together: a folder that the environment names.

It must be named before `prometheus_client` is imported, so this module does not.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable that names the folder of several workers."""


def prepare_workers(folder: str | os.PathLike[str] | None = None) -> Path:
    """Let worker processes that are started from now on count together.

    Call it before anything imports `prometheus_client` in them; processes that are
    forked from one that has imported it already count for themselves.

    Args:
        folder: Where they count; it is emptied of earlier counts. `None` makes a new
            folder, which the caller removes when the workers have ended.

    Returns:
        The folder.
    """
    made = tempfile.mkdtemp(prefix="headroom-metrics-") if folder is None else folder
    path = Path(made)
    path.mkdir(parents=True, exist_ok=True)
    for counts in path.glob("*.db"):
        counts.unlink()
    os.environ[FOLDER] = str(path)
    return path


def forget_workers(folder: Path) -> None:
    """Remove the folder that `prepare_workers` made."""
    if os.environ.get(FOLDER) == str(folder):
        del os.environ[FOLDER]
    shutil.rmtree(folder, ignore_errors=True)
