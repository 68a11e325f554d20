"""Care for the prompt cache: what changes in a prefix that must not, and where.

Providers read the beginning of a prompt from a cache if it is the same, byte for
byte, as that of the call before. `CacheAligner` finds values in tools and system
prompts that will change, and tells where a request parts from the last one.
"""

from __future__ import annotations

from headroom_langchain.cache_aligner.aligner import CacheAligner
from headroom_langchain.cache_aligner.comparison import Comparison, Divergence
from headroom_langchain.cache_aligner.report import AlignmentReport, Finding
from headroom_langchain.cache_aligner.requests import Request
from headroom_langchain.cache_aligner.volatile import VolatileToken, volatile

__all__ = [
    "AlignmentReport",
    "CacheAligner",
    "Comparison",
    "Divergence",
    "Finding",
    "Request",
    "VolatileToken",
    "volatile",
]
