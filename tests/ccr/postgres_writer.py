"""A process that puts what others put at the same time."""

from __future__ import annotations

import random
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Final

from backends import postgres

from headroom_langchain.ccr.store.base import Original
from headroom_langchain.ccr.store.elsewhere.langgraph_store import LangGraphCCRStore

ROUNDS: Final = 5
ORIGINALS: Final = 200


def put_in_any_order(folder: Path, number: int, together: Barrier) -> None:
    """Put the same batches as all others, each in an order of its own."""
    order = random.Random(number)  # noqa: S311 - an order, no secret
    with postgres(folder) as backend:
        store = LangGraphCCRStore(backend)
        for count in range(ROUNDS):
            texts = [f"{count}/{at} " * 50 for at in range(ORIGINALS)]
            originals = [Original.of(text) for text in texts]
            order.shuffle(originals)
            together.wait(20)
            store.put_many(originals)
            found = store.get_many([original.key for original in originals])
            assert len(found) == ORIGINALS
