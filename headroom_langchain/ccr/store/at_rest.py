"""What is done to a content before it is written somewhere: compressed, encrypted.

The first byte of what is written says what was done, so a store may change its
settings and still read what it wrote before.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final, Protocol

from headroom_langchain.ccr.store.original import as_bytes
from headroom_langchain.errors import StoreError

_COMPRESSED: Final = 1
_ENCRYPTED: Final = 2
_KNOWN: Final = _COMPRESSED | _ENCRYPTED
_LEVEL: Final = 1


class Cipher(Protocol):
    """Encrypts what is at rest, as `cryptography.fernet.Fernet` does."""

    def encrypt(self, data: bytes, /) -> bytes:
        """Return the encrypted data."""
        ...

    def decrypt(self, token: bytes, /) -> bytes:
        """Return the data again; raises for anything it did not encrypt."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRest:
    """How a store writes contents.

    Keys, namespaces, kinds and names of tools are written as they are, and a key
    is a hash of the content: who may read the store can tell whether it holds a
    content that is known already.
    """

    compress: bool = False
    """Whether contents are compressed with zlib, where that makes them smaller."""
    cipher: Cipher | None = None
    """What encrypts contents, such as `Fernet(key)`; `None` to write them in clear."""

    @property
    def changes(self) -> bool:
        """Whether contents are written otherwise than they are."""
        return self.compress or self.cipher is not None

    def seal(self, content: bytes) -> bytes:
        """Return what is written for a content.

        Raises:
            StoreError: The cipher failed, or returned something else than bytes.
        """
        flags = 0
        body = content
        if self.compress:
            smaller = zlib.compress(content, _LEVEL)
            if len(smaller) < len(content):
                flags, body = _COMPRESSED, smaller
        if self.cipher is not None:
            flags |= _ENCRYPTED
            body = _encrypted(self.cipher, body)
        return bytes((flags,)) + body

    def open(self, sealed: bytes, *, size: int | None = None) -> bytes:
        """Return the content of what was written.

        Args:
            sealed: What `seal` returned.
            size: Bytes of the content, so that what was tampered with cannot fill
                the memory; `None` if they are not known.

        Raises:
            StoreError: It is damaged, or encrypted and this store has no cipher or
                another one.
        """
        flags, body = (sealed[0] if sealed else _KNOWN + 1), sealed[1:]
        if flags > _KNOWN:
            msg = "an original is damaged: it does not begin as this package writes"
            raise StoreError(msg)
        if flags & _ENCRYPTED:
            body = self._decrypted(body)
        if flags & _COMPRESSED:
            body = _decompressed(body, size)
        if size is not None and size != len(body):
            msg = f"an original is damaged: it has {len(body):,} bytes, not {size:,}"
            raise StoreError(msg)
        return body

    def _decrypted(self, body: bytes) -> bytes:
        if self.cipher is None:
            msg = (
                "an original is encrypted and the store has no cipher: make it with "
                "at_rest=AtRest(cipher=...) and the cipher that wrote it"
            )
            raise StoreError(msg)
        try:
            return as_bytes(self.cipher.decrypt(body))
        except Exception as error:
            # Every library has exceptions of its own here, few of them say anything.
            msg = (
                f"an original could not be decrypted ({type(error).__name__}): it is "
                "damaged, or another cipher wrote it"
            )
            raise StoreError(msg) from error


def _encrypted(cipher: Cipher, body: bytes) -> bytes:
    try:
        return as_bytes(cipher.encrypt(body))
    except Exception as error:
        # As for decrypting: a service of keys that is down has errors of its own.
        msg = (
            f"an original could not be encrypted ({type(error).__name__}: {error}): "
            "give a cipher whose `encrypt` takes bytes and returns bytes, as "
            "cryptography.fernet.Fernet does"
        )
        raise StoreError(msg) from error


def _decompressed(body: bytes, size: int | None) -> bytes:
    stream = zlib.decompressobj()
    try:
        # One byte more than there should be tells what is too long; 0 is no limit.
        content = stream.decompress(body, 0 if size is None else size + 1)
    except zlib.error as error:
        msg = f"an original is damaged: it cannot be decompressed ({error})"
        raise StoreError(msg) from error
    if stream.unused_data or not stream.eof:
        msg = "an original is damaged: it does not end where its compression ends"
        raise StoreError(msg)
    return content
