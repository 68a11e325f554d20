"""Fake provider servers: real HTTP on loopback, the providers' wire formats.

```python
with FakeAnthropic([Reply(text="Hello")]) as server:
    llm = ChatAnthropic(model="claude-x", base_url=server.url, api_key="x")
    assert llm.invoke("Hi").text == "Hello"
    assert server.requests[0].user == "Hi"
```
"""

from __future__ import annotations

from headroom_langchain.testing.servers.plausible import asking_first, plausible
from headroom_langchain.testing.servers.query import (
    OfferedTool,
    Query,
    Received,
    Said,
)
from headroom_langchain.testing.servers.reply import (
    Break,
    Failure,
    Hold,
    Reply,
    Router,
    Script,
    ToolUse,
    Usage,
)
from headroom_langchain.testing.servers.server import (
    FakeAnthropic,
    FakeBedrock,
    FakeGoogle,
    FakeOllama,
    FakeOpenAI,
    FakeServer,
)

__all__ = [
    "Break",
    "Failure",
    "FakeAnthropic",
    "FakeBedrock",
    "FakeGoogle",
    "FakeOllama",
    "FakeOpenAI",
    "FakeServer",
    "Hold",
    "OfferedTool",
    "Query",
    "Received",
    "Reply",
    "Router",
    "Said",
    "Script",
    "ToolUse",
    "Usage",
    "asking_first",
    "plausible",
]
