"""The errors this package raises.

```
HeadroomError
├── ConfigurationError (ValueError)      a setting that cannot work
│   └── NotAChatModelError (TypeError)   what was given is no chat model
├── StoreError                           a store could not be read or written
│   └── KeyCollisionError                two originals with one key
└── RetrievalTimeoutError (TimeoutError) a hidden round took too long
```

A failure inside compression is none of these: it sends the original and is
told in the report.
"""

from __future__ import annotations


class HeadroomError(Exception):
    """Any error of this package."""


class ConfigurationError(HeadroomError, ValueError):
    """A setting that cannot work; the message names it and the remedy."""


class NotAChatModelError(ConfigurationError, TypeError):
    """What was to be wrapped is no chat model; the message says how to write it."""


class StoreError(HeadroomError):
    """A store could not be read or written."""


class KeyCollisionError(StoreError):
    """Two different originals have the same key; the second was not stored."""


class RetrievalTimeoutError(HeadroomError, TimeoutError):
    """The model did not finish a hidden round within the policy's time."""
