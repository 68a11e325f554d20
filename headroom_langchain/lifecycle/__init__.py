"""The lifecycle of a call: its stages as events, and who may take part in them.

Extensions see every stage and may change some of it; hooks serve three moments of
the compression. Both are given as `extensions=[...]` and `hooks=...` to
`HeadroomChatModel`, `HeadroomMiddleware`, `compress`, `CompressMessages`,
`ToolHooks` and the nodes of graphs; `discover=True` adds installed extensions.

The order is always the same:

1. Events come in the order of `Stage`. `PreSend`, `PostSend` and
   `ResponseReceived` come once for each round of a wrapped model; calls without a
   model end after `InputRemembered`. A call that fails or is left has no further
   events.
2. Each event goes to the extensions in the order in which they were given, then to
   installed ones in the order of their names; each sees what the one before left.
3. `pre_compress` is called after all extensions have had `InputReceived`,
   `compute_biases` after that and before `InputCached`, and `post_compress` before
   `InputCompressed`.

An extension or a hook that raises is noted in the report and passed over. Whatever
is changed, no caller sees a call of `headroom_retrieve`, and every marker stays
redeemable: the tool cannot be taken out of a request, and what the metadata of
messages records is kept. Where each message has its place (results of tools,
`compress_node`), changed messages must be as many as before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headroom_langchain.lazy_names import lazy_names

if TYPE_CHECKING:
    from headroom_langchain.lifecycle.custom_events import CustomEvents
    from headroom_langchain.lifecycle.events import (
        CallInfo,
        InputCached,
        InputCompressed,
        InputReceived,
        InputRemembered,
        InputRouted,
        PipelineEvent,
        PostSend,
        PostStart,
        PreSend,
        PreStart,
        ResponseReceived,
        SetUp,
        Stage,
    )
    from headroom_langchain.lifecycle.extension import Extension, discover
    from headroom_langchain.lifecycle.hooks import CompressionHooks, Outgoing
    from headroom_langchain.rules.bias import Bias

__all__ = [
    "Bias",
    "CallInfo",
    "CompressionHooks",
    "CustomEvents",
    "Extension",
    "InputCached",
    "InputCompressed",
    "InputReceived",
    "InputRemembered",
    "InputRouted",
    "Outgoing",
    "PipelineEvent",
    "PostSend",
    "PostStart",
    "PreSend",
    "PreStart",
    "ResponseReceived",
    "SetUp",
    "Stage",
    "discover",
]

_HOMES = {
    "Bias": "hooks",
    "CallInfo": "events",
    "CompressionHooks": "hooks",
    "CustomEvents": "custom_events",
    "Extension": "extension",
    "InputCached": "events",
    "InputCompressed": "events",
    "InputReceived": "events",
    "InputRemembered": "events",
    "InputRouted": "events",
    "Outgoing": "hooks",
    "PipelineEvent": "events",
    "PostSend": "events",
    "PostStart": "events",
    "PreSend": "events",
    "PreStart": "events",
    "ResponseReceived": "events",
    "SetUp": "events",
    "Stage": "events",
    "discover": "extension",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
