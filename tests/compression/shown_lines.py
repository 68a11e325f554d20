"""What an excerpt of a text of lines may show: its lines, and marks for the rest."""

from __future__ import annotations

from headroom_langchain.compression.excerpt import NOTHING_ASKED, Compressor
from headroom_langchain.compression.sample import Sample


def shows_its_lines(compressor: Compressor, lines: list[str], budget: int) -> bool:
    """Read any lines, and tell whether nothing else than they and marks are shown."""
    text = "\n".join(lines)
    sample = Sample.of(text)
    compressor.likeness(sample)
    found = compressor.read(text, sample)
    if found is None:
        return True
    told = found.excerpt(budget=budget, interest=NOTHING_ASKED)
    original = text.split("\n")
    return all(
        line in original or line.startswith("[... ") or not line.strip()
        for line in told.text.split("\n")
    )
