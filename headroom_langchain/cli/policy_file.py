"""The rules that `--policy` names: a file in TOML or JSON with fields of the policy."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from headroom_langchain.cli.failure import CommandError
from headroom_langchain.compression.registry import named
from headroom_langchain.errors import ConfigurationError
from headroom_langchain.rules.policy import CompressionPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_policy(name: str | None, changes: Mapping[str, Any]) -> CompressionPolicy:
    """Read the rules from a file.

    Args:
        name: The file, `*.json` or else TOML; `None` for the defaults.
        changes: Fields that other options set, which come before those of the
            file; `None` stands for an option that was not given.

    Raises:
        CommandError: The file cannot be read, or its fields do not fit.
    """
    fields = {} if name is None else _fields(name)
    fields |= {key: value for key, value in changes.items() if value is not None}
    try:
        policy = CompressionPolicy(**fields)
        for rule in policy.tools.values():
            if rule.kind is not None:
                named(rule.kind)
    except (ValidationError, ConfigurationError) as error:
        what = "these options make" if name is None else f"{name!r} makes"
        msg = f"{what} no policy: {_told(error)}"
        raise CommandError(msg) from error
    return policy


def _fields(name: str) -> dict[str, Any]:
    path = Path(name)
    try:
        text = path.read_text("utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        msg = f"cannot read {name!r}: {reason}"
        raise CommandError(msg) from error
    is_json = path.suffix.lower() == ".json"
    try:
        found = json.loads(text) if is_json else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        form = "JSON" if is_json else "TOML (JSON is read from *.json)"
        msg = f"{name!r} is no {form}: {error}"
        raise CommandError(msg) from error
    if not isinstance(found, dict):
        msg = f'{name!r} has no fields: write an object such as {{"budget": 0.5}}'
        raise CommandError(msg)
    return found


def _told(error: ValidationError | ConfigurationError) -> str:
    if isinstance(error, ConfigurationError):
        return str(error)
    return "; ".join(
        f"{'.'.join(map(str, detail['loc'])) or 'fields'}: {detail['msg']}"
        for detail in error.errors(include_url=False)
    )
