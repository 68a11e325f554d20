"""What is paid for, and what would have been without compression.

Both are counts of tokens by what a provider takes for them, so prices can be put on
them at any time, and on sums of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from headroom_langchain.reports.report import RequestReport
from headroom_langchain.reports.totals import Billed


def billed(request: RequestReport) -> Billed:
    """Return what is paid for one request.

    Without usage it is the estimate of what was sent, with no output and no cache.
    """
    usage = request.usage
    if usage is None:
        return Billed(fresh=request.tokens_sent)
    cached = written = lasting = 0
    # Names may begin with the tier of the service.
    for name, count in (usage.get("input_token_details") or {}).items():
        if not isinstance(count, int):
            continue
        if name.endswith("cache_read"):
            cached += count
        elif name.endswith("cache_creation"):
            written += count
        elif name.startswith("ephemeral_"):
            lasting += count
    # Anthropic's client tells them by how long they stay, and then not as a whole.
    written = max(written, lasting)
    return Billed(
        fresh=usage["input_tokens"] - cached - written,
        cached=cached,
        written=written,
        output=usage["output_tokens"],
    )


def plain_bill(bills: Sequence[Billed], *, new: int, known: int) -> Billed:
    """Return what the same call would have been billed for without this package.

    That is one request with the originals, and the output of the last one. What
    the first request had is taken as the provider counted it. What it left out comes
    on top: where a provider caches, texts that the call before had too would have
    been in its cache, and others would have been written to it.

    Args:
        bills: Those of all requests.
        new: Estimated tokens that were left out of texts that are new in this call.
        known: Those left out of texts that the call before had too, less what only
            this package added to the request.
    """
    first, last = bills[0], bills[-1]
    in_cache = max(known, -first.cached) if first.cached else 0
    read = new + known - in_cache
    written = read if first.written else 0
    return Billed(
        fresh=first.fresh + read - written,
        cached=first.cached + in_cache,
        written=first.written + written,
        output=last.output,
    )
