"""A volatile span of a text, before its line and advice are known."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal[
    "uuid", "date", "time", "epoch", "jwt", "hash", "id", "path", "process", "address"
]
"""What a volatile value is."""


class Found(NamedTuple):
    """What is volatile, and where, in characters."""

    kind: Kind
    start: int
    end: int
