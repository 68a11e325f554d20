"""Tokens counted by a tokenizer, where that costs no download.

tiktoken fetches its ranks from the network when its cache has none, so it is
asked only when the very file it would read is there and unharmed.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from headroom_langchain.tokens import estimate_tokens

if TYPE_CHECKING:
    from headroom_langchain.tokens import TokenCounter

ENCODING: Final = "o200k_base"
"""The encoding that `exact_counter` counts with."""

_CACHE_NAME: Final = "fb374d419588a4632f3f557e76b4b70aebbca790"
_SHA256: Final = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"

_SLICE: Final = 20_000
"""Characters at once: long runs of spaces overflow the stack of tiktoken's regex."""


def exact_counter() -> TokenCounter | None:
    """Return a counter of `o200k_base` tokens, or `None` if its ranks are not here.

    Nothing is downloaded and nothing is raised. The ranks are looked for where
    tiktoken keeps them: in `TIKTOKEN_CACHE_DIR`, else in `DATA_GYM_CACHE_DIR`,
    else in `data-gym-cache` in the folder for temporary files. Each 20,000
    characters of a text are counted for themselves, which may cost a token each.
    """
    if not _ranks_are_here():
        return None
    try:
        import tiktoken

        encoding = tiktoken.get_encoding(ENCODING)
    except Exception:  # noqa: BLE001 - figures are a courtesy, whatever tiktoken raises
        return None

    def count(text: str) -> int:
        slices = (text[at : at + _SLICE] for at in range(0, len(text), _SLICE))
        try:
            return sum(len(encoding.encode_ordinary(part)) for part in slices)
        except Exception:  # noqa: BLE001 - as above
            return estimate_tokens(text)

    return count


def _ranks_are_here() -> bool:
    named = os.environ.get("TIKTOKEN_CACHE_DIR")
    if named is None:
        named = os.environ.get("DATA_GYM_CACHE_DIR")
    if named is None:
        named = str(Path(tempfile.gettempdir()) / "data-gym-cache")
    if not named:
        return False
    try:
        ranks = (Path(named) / _CACHE_NAME).read_bytes()
    except OSError:
        return False
    return hashlib.sha256(ranks).hexdigest() == _SHA256
