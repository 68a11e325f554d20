"""The providers' own clients, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from conformance.chat_speaker import ChatSpeaker
from conformance.messages_speaker import MessagesSpeaker
from conformance.responses_speakers import (
    ChainedSpeaker,
    ResponsesSpeaker,
    UnstoredSpeaker,
)

SPEAKERS: Final[Mapping[str, type[Any]]] = {
    kind.name: kind
    for kind in (
        MessagesSpeaker,
        ChatSpeaker,
        ResponsesSpeaker,
        UnstoredSpeaker,
        ChainedSpeaker,
    )
}
