"""The same engine behind a base URL: clients change nothing but the address they ask.

```python
import uvicorn
from headroom_langchain.serve import create_app

uvicorn.run(create_app(), port=8787, server_header=False, date_header=False)
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headroom_langchain.lazy_names import lazy_names

if TYPE_CHECKING:
    from headroom_langchain.serve.app import App
    from headroom_langchain.serve.create import create_app
    from headroom_langchain.serve.handled import Handled, Observer
    from headroom_langchain.serve.hooks import (
        Stream,
        StreamAdapter,
        StreamEnd,
        StreamHooks,
        wants_stream,
    )
    from headroom_langchain.serve.middleware import CompressionMiddleware
    from headroom_langchain.serve.operations import Operations
    from headroom_langchain.serve.settings import Limits, Upstreams

__all__ = [
    "App",
    "CompressionMiddleware",
    "Handled",
    "Limits",
    "Observer",
    "Operations",
    "Stream",
    "StreamAdapter",
    "StreamEnd",
    "StreamHooks",
    "Upstreams",
    "create_app",
    "wants_stream",
]

_HOMES = {
    "App": "app",
    "CompressionMiddleware": "middleware",
    "Handled": "handled",
    "Limits": "settings",
    "Observer": "handled",
    "Operations": "operations",
    "Stream": "hooks",
    "StreamAdapter": "hooks",
    "StreamEnd": "hooks",
    "StreamHooks": "hooks",
    "Upstreams": "settings",
    "create_app": "create",
    "wants_stream": "hooks",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
