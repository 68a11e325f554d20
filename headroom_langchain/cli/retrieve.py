"""`headroom-langchain retrieve`: what a model would be answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headroom_langchain.ccr.retrieval.answers import Refusal, answer, parse_request
from headroom_langchain.cli.failure import CommandError, UsageError
from headroom_langchain.cli.files import open_store, write
from headroom_langchain.errors import StoreError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping, Sequence

    from headroom_langchain.ccr.store.base import Original


def retrieve(options: Namespace) -> None:
    """Answer the request that the options make, to stdout.

    Raises:
        UsageError: The options contradict each other.
        CommandError: The request makes no sense, or there is no such original.
    """
    if options.whole and (options.query is not None or options.lines is not None):
        msg = "--whole returns everything; give it without QUERY and --lines"
        raise UsageError(msg)
    asked = {"hash": options.hash, "query": options.query, "lines": options.lines}
    request = parse_request(asked)
    if isinstance(request, Refusal):
        raise CommandError(request.reason)
    originals = _originals(options.store, request.keys)
    told = answer(request, originals)
    if not told.returned or (options.whole and told.missing):
        raise CommandError(told.text)
    if options.whole:
        for key in told.returned:
            write(originals[key].content)
    else:
        write(f"{told.text}\n")


def _originals(store: str, keys: Sequence[str]) -> Mapping[str, Original]:
    with open_store(store, create=False) as opened:
        try:
            return opened.get_many(keys)
        except StoreError as error:
            raise CommandError(str(error)) from error
