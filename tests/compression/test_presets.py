"""How far texts are compressed is a matter of policy."""

from __future__ import annotations

from headroom_langchain import CompressionPolicy, compress_text
from headroom_langchain.ccr.store.memory import InMemoryCCRStore

LOG = "\n".join(
    f"2026-03-01 10:00:00 {'WARN' if n % 150 == 0 else 'INFO'} {n % 97 * 'a'} {n} left"
    for n in range(800)
)
RECORDS = (
    "["
    + ",".join(f'{{"id": {n}, "zone": "z{n % 7}", "load": {n**3}}}' for n in range(900))
    + "]"
)


def tokens(text: str, **fields: object) -> int:
    policy = CompressionPolicy.model_validate(fields)
    return compress_text(text, policy=policy, store=InMemoryCCRStore()).tokens_after


def test_compact_shows_less_than_balanced() -> None:
    """The presets are ordered by what they show; `balanced` is the default."""
    compact, balanced = tokens(LOG, preset="compact"), tokens(LOG, preset="balanced")
    assert compact < 0.75 * balanced
    assert tokens(LOG) == balanced
    assert tokens(LOG, preset="compact", budget=2.0) == balanced


def test_lossless_leaves_nothing_out() -> None:
    """With `lossless` texts are rewritten, or go out as they are."""
    policy = CompressionPolicy(preset="lossless")
    done = compress_text(RECORDS, policy=policy, store=InMemoryCCRStore())
    assert done.key is None
    assert not done.omitted
    assert done.tokens_after < 0.8 * done.tokens_before
    assert compress_text(LOG, policy=policy, store=InMemoryCCRStore()).text == LOG
