"""An original: a text as a tool wrote it, and the key it is found by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from typing_extensions import Buffer

KEY_LENGTH: Final = 24
"""Hex digits of a key: 96 bits of SHA-256."""
NOTE_PREFIX: Final = "note-"
"""What the keys of notes begin with, which are no originals."""


def content_bytes(content: str) -> bytes:
    """Return the bytes of a content; lone surrogates, which UTF-8 lacks, stay."""
    return content.encode("utf-8", "surrogatepass")


def content_text(raw: bytes) -> str:
    """Return the content of which `content_bytes` returned these bytes."""
    return raw.decode("utf-8", "surrogatepass")


def as_bytes(data: Buffer) -> bytes:
    """Return any kind of bytes as `bytes`.

    Raises:
        TypeError: It is text, or something else.
    """
    return data if isinstance(data, bytes) else bytes(memoryview(data))


def content_key(content: str) -> str:
    """Return the key of a content: 24 hex digits of the SHA-256 of its bytes."""
    return hashlib.sha256(content_bytes(content)).hexdigest()[:KEY_LENGTH]


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A text as the tool wrote it."""

    content: str
    """The text, to the last byte: line ends, NUL and lone surrogates included."""
    key: str
    """The key of the content, see `content_key`."""
    kind: str = "text"
    """How it was understood when it was compressed, such as `logs`."""
    tool: str | None = None
    """The name of the tool that wrote it, if known."""

    @classmethod
    def of(cls, content: str, *, kind: str = "text", tool: str | None = None) -> Self:
        """Make the original of a content, with its key."""
        return cls(content=content, key=content_key(content), kind=kind, tool=tool)
