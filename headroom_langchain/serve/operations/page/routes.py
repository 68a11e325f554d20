"""What is answered for the page: itself, what happens, and originals."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import Mapping
from typing import Final

from headroom_langchain._version import __version__
from headroom_langchain.ccr.store.base import CCRStore
from headroom_langchain.errors import StoreError
from headroom_langchain.serve.operations.figures import Span, columns, named
from headroom_langchain.serve.operations.journal import Journal
from headroom_langchain.serve.operations.page.document import (
    icon,
    original_page,
    page,
)
from headroom_langchain.serve.operations.replies import HTML, Answer, Asking, Reply
from headroom_langchain.serve.operations.request_log import log_event

_ORIGINAL: Final = "/headroom/original/"
_NUMBER: Final = re.compile(r"[0-9]{1,15}")
_NOT_FOUND: Final = 404
_UNAVAILABLE: Final = 503


class Page:
    """Answers what the page asks for."""

    def __init__(self, *, journal: Journal, store: CCRStore | None) -> None:
        """Take up what is shown.

        Args:
            journal: What is remembered of requests.
            store: Where originals are that may be shown; `None` shows none.
        """
        self._journal = journal
        self._store = store
        self.answers: Mapping[str, Answer] = {
            "/": self._document,
            "/favicon.ico": self._icon,
            "/headroom/": self._below,
        }
        """What is answered, by path."""

    async def _document(self, _: Asking) -> Reply:
        try:
            first = json.dumps(await self._told("", "hour"))
        except StoreError:
            first = "null"  # the page asks again, and is told
        document = page(first)
        return Reply(body=document.body, kind=HTML, policy=document.policy)

    async def _icon(self, _: Asking) -> Reply:
        return Reply(body=icon(), kind="image/svg+xml")

    async def _below(self, asking: Asking) -> Reply:
        place = asking.path[asking.path.rfind("/headroom/") :]
        try:
            if place == "/headroom/activity":
                span: Span = "day" if asking.query.get("span") == "day" else "hour"
                cursor = asking.query.get("cursor", "")
                return Reply.of(await self._told(cursor, span))
            if place.startswith(_ORIGINAL):
                key = place.removeprefix(_ORIGINAL)
                return await self._original(asking.query.get("request", ""), key)
        except StoreError as error:
            log_event(logging.WARNING, "page not answered", str(error))
            told = {"error": "What was to be shown could not be read; see the log."}
            return Reply.of(told, status=_UNAVAILABLE)
        return Reply(body=b"There is nothing here.\n", status=_NOT_FOUND)

    async def _told(self, cursor: str, span: Span) -> dict[str, object]:
        """Tell what happens; behind a cursor, only what is new since then."""
        name, _, number = cursor.partition("-")
        after = int(number) if _NUMBER.fullmatch(number) else 0
        seen = await asyncio.to_thread(self._journal.remembered, after)
        whole = name != seen.name or after > seen.last
        if whole and after:
            seen = await asyncio.to_thread(self._journal.remembered)
        now = time.time()
        return {
            "version": __version__,
            "now": now,
            "since": seen.since,
            "cursor": f"{seen.name}-{seen.last}",
            "whole": whole,
            "contents": self._store is not None,
            "in_flight": seen.in_flight,
            "sums": named(seen.sums),
            "chart": columns(seen.minutes.items(), span, now),
            "requests": seen.recent,
        }

    async def _original(self, request: str, key: str) -> Reply:
        """Show an original, if it is one of a request that is remembered."""
        if self._store is not None:
            find = self._journal.namespace
            namespace = await asyncio.to_thread(find, request, key) if key else None
            if namespace is not None:
                original = await self._store.aget(key, namespace=namespace)
                if original is not None:
                    shown = original_page(original)
                    return Reply(body=shown.body, kind=HTML, policy=shown.policy)
        said = b"There is no such original, or it may not be shown.\n"
        return Reply(body=said, status=_NOT_FOUND)
