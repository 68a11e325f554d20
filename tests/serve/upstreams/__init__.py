"""Strict scripted providers on loopback, byte by byte as a test wants them.

An upstream plays a script to whoever speaks Messages, Chat Completions or Responses,
and refuses every turn that a provider would refuse.
"""

from __future__ import annotations

from upstreams.gate import Gate
from upstreams.script import (
    Answer,
    Call,
    Plain,
    Redacted,
    Refusal,
    Retrieve,
    Text,
    Thinking,
    Turn,
    Usage,
    Way,
)
from upstreams.server import Got, StrictUpstream

__all__ = [
    "Answer",
    "Call",
    "Gate",
    "Got",
    "Plain",
    "Redacted",
    "Refusal",
    "Retrieve",
    "StrictUpstream",
    "Text",
    "Thinking",
    "Turn",
    "Usage",
    "Way",
]
