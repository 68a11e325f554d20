"""The binary framing of AWS event streams.

A message is a prelude (both lengths, and a checksum of them), headers, a payload,
and a checksum of everything before it. Numbers are big-endian, checksums CRC-32.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_STRING = 7
"""The type of a header whose value is text."""

_AROUND = 16
"""Bytes of a message beside its headers and its payload."""


def message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """Write one message.

    Args:
        headers: The headers, all of them text.
        payload: The payload.
    """
    head = b"".join(_header(name, value) for name, value in headers.items())
    lengths = struct.pack("!II", _AROUND + len(head) + len(payload), len(head))
    body = lengths + _checksum(lengths) + head + payload
    return body + _checksum(body)


def _header(name: str, value: str) -> bytes:
    raw_name, raw_value = name.encode(), value.encode()
    length = struct.pack("!BH", _STRING, len(raw_value))
    return bytes([len(raw_name)]) + raw_name + length + raw_value


def _checksum(data: bytes) -> bytes:
    return struct.pack("!I", zlib.crc32(data))
