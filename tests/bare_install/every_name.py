"""Imports every public name and every module; prints what cannot be imported.

A program of its own, for an environment that has nothing but what the package needs.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys

import headroom_langchain


def refusals() -> dict[str, str]:
    """Return why names and modules cannot be imported, by their name."""
    found = {}
    for name in headroom_langchain.__all__:
        try:
            getattr(headroom_langchain, name)
        except ImportError as error:
            found[name] = str(error)
    prefix = f"{headroom_langchain.__name__}."
    for module in pkgutil.walk_packages(headroom_langchain.__path__, prefix):
        if module.name.startswith(f"{prefix}cli."):  # loaded by commands, which ask
            continue
        try:
            importlib.import_module(module.name)
        except ImportError as error:
            found[module.name] = str(error)
    return found


if __name__ == "__main__":
    json.dump(refusals(), sys.stdout)
