"""The laws of a store of originals, for anyone who writes one.

```python
from headroom_langchain.testing.store_laws import StoreUnderTest, check_store


def test_my_store():
    check_store(StoreUnderTest(open=lambda wanted: MyStore())).raise_for_failures()
```

These are the laws that hold for every store. What a store can do beyond them it says
with `supports`, and `open` then gives what is wanted:

```python
def open_store(wanted: Wanted) -> CCRStore:
    path = wanted.folder / "my.db"
    return MyStore(path, ttl=wanted.ttl, clock=wanted.clock)


SUBJECT = StoreUnderTest(
    open=open_store,
    supports={Capability.EXPIRY, Capability.SHARING},
)
```

A store that lives on an event loop is opened by an async context manager. `check_store`
starts a loop for it; where one runs already, `await acheck_store(SUBJECT)`. To see each
law as a test of its own, ask for one at a time: `check_store(SUBJECT, laws=[one])` for
each of `laws_of(SUBJECT)`.

A report fails when a law is broken, when no law ran, and when the store says that it
can do something that no law looked at. Laws that were skipped are named in it. Nothing
here needs pytest.
"""

from __future__ import annotations

from headroom_langchain.testing.store_laws.every import STORE_LAWS
from headroom_langchain.testing.store_laws.handle import Face, Handle, opened
from headroom_langchain.testing.store_laws.law import StoreLaw, Trial, expect, law
from headroom_langchain.testing.store_laws.report import (
    LawResult,
    Outcome,
    StoreReport,
)
from headroom_langchain.testing.store_laws.run import (
    acheck_store,
    check_store,
    laws_of,
)
from headroom_langchain.testing.store_laws.subject import (
    Capability,
    OpenStore,
    SetClock,
    StoreUnderTest,
    Wanted,
)
from headroom_langchain.testing.store_laws.threads import at_once

__all__ = [
    "STORE_LAWS",
    "Capability",
    "Face",
    "Handle",
    "LawResult",
    "OpenStore",
    "Outcome",
    "SetClock",
    "StoreLaw",
    "StoreReport",
    "StoreUnderTest",
    "Trial",
    "Wanted",
    "acheck_store",
    "at_once",
    "check_store",
    "expect",
    "law",
    "laws_of",
    "opened",
]
