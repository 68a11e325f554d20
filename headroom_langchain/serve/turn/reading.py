"""The body of an upstream's answer."""

from __future__ import annotations

import zlib

from headroom_langchain.serve.upstream import Incoming, UpstreamError
from headroom_langchain.serve.wire.encodings import DAMAGED, decoder_of


async def content(incoming: Incoming) -> bytes:
    """Return the body of an answer, unpacked where its encoding is known.

    Raises:
        UpstreamError: It broke off, or is not what its headers say.
    """
    decode = decoder_of(incoming.headers) or bytes
    try:
        return b"".join([decode(chunk) async for chunk in incoming.chunks()])
    except zlib.error as error:
        raise UpstreamError(DAMAGED) from error
