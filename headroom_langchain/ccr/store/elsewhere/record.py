"""An original as two values: what is known about it, and its content at rest.

Other people's stores hold these values; the adapters decide where and in what
shape. A value that is damaged, or that something else wrote, reads as `None`.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

from headroom_langchain.ccr.store.at_rest import AtRest
from headroom_langchain.ccr.store.elsewhere.labels import escaped, unescaped
from headroom_langchain.ccr.store.original import (
    Original,
    content_bytes,
    content_text,
)

Flat: TypeAlias = Mapping[str, str | int | float | None]
"""A JSON object of plain values; all text in it is ASCII."""

_VERSION: Final = 1
_HEAD: Final = struct.Struct(">IQ")
"""The checksum of what follows, and its length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known about an original without its content."""

    namespace: str
    key: str
    digest: str
    """SHA-256 of the content, all of it, in hex."""
    size: int
    """Bytes of the content."""
    used: float
    """When it was last put or got, as far as that was noted."""
    kind: str
    tool: str | None

    @classmethod
    def of(cls, original: Original, *, namespace: str, now: float) -> Self:
        """Describe an original that is put now."""
        content = content_bytes(original.content)
        return cls(
            namespace=namespace,
            key=original.key,
            digest=hashlib.sha256(content).hexdigest(),
            size=len(content),
            used=now,
            kind=original.kind,
            tool=original.tool,
        )

    def to_flat(self) -> Flat:
        """Return a JSON object that `from_flat` reads."""
        return {
            "headroom": _VERSION,
            "namespace": escaped(self.namespace),
            "key": escaped(self.key),
            "digest": self.digest,
            "size": self.size,
            "used": self.used,
            "kind": escaped(self.kind),
            "tool": None if self.tool is None else escaped(self.tool),
        }

    @classmethod
    def from_flat(cls, value: object) -> Self | None:
        """Return what `to_flat` wrote, or `None` if this is something else."""
        match value:
            case {
                "headroom": 1,
                "namespace": str(namespace),
                "key": str(key),
                "digest": str(digest),
                "size": int(size),
                "used": int() | float() as used,
                "kind": str(kind),
                "tool": str() | None as tool,
            }:
                try:
                    return cls(
                        namespace=unescaped(namespace),
                        key=unescaped(key),
                        digest=digest,
                        size=size,
                        used=used,
                        kind=unescaped(kind),
                        tool=None if tool is None else unescaped(tool),
                    )
                except ValueError:
                    return None
        return None


def packed(original: Original, at_rest: AtRest) -> bytes:
    """Return the content of an original as it is written, behind its checksum."""
    sealed = at_rest.seal(content_bytes(original.content))
    return _HEAD.pack(zlib.crc32(sealed), len(sealed)) + sealed


def intact(data: bytes) -> bool:
    """Tell whether this begins with all of what `packed` returned."""
    return _sealed(data) is not None


def unpacked(data: bytes, about: About, at_rest: AtRest) -> Original | None:
    """Return the original that was packed, or `None` unless it is that very one.

    The checksum tells damage, which reads as `None`, from a wrong setting.

    Raises:
        StoreError: It is undamaged, but `at_rest` has not the cipher that wrote it.
    """
    sealed = _sealed(data)
    if sealed is None:
        return None
    content = at_rest.open(sealed)
    if hashlib.sha256(content).hexdigest() != about.digest:
        return None
    return Original(
        content=content_text(content), key=about.key, kind=about.kind, tool=about.tool
    )


def _sealed(data: bytes) -> bytes | None:
    """Return what was sealed, or `None` unless all of it is there.

    More may follow: the end of a longer value that was overwritten in place.
    """
    if len(data) < _HEAD.size:
        return None
    checksum, length = _HEAD.unpack_from(data)
    sealed = data[_HEAD.size : _HEAD.size + length]
    return sealed if zlib.crc32(sealed) == checksum and len(sealed) == length else None
