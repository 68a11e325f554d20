"""Listings of files: output of find, ls, tree, du, git ls-files and the like.

Entries are shown as they are. Of each folder it is said how many are not shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from headroom_langchain.compression.budget import power_budget
from headroom_langchain.compression.density import too_dense
from headroom_langchain.compression.excerpt import Excerpt, Interest
from headroom_langchain.compression.sample import Sample
from headroom_langchain.compression.search.clipping import ClippedLines
from headroom_langchain.compression.search.entries import choose_entries, endings_of
from headroom_langchain.compression.search.folding import fold_paths
from headroom_langchain.compression.search.marks import (
    Groups,
    coarsened,
    write_groups,
)
from headroom_langchain.structure.listing_facts import Column
from headroom_langchain.structure.listing_lines import (
    Listing,
    ListingForm,
    listing_form,
    read_listing,
)
from headroom_langchain.structure.text_lines import TextLines

_LIKENESS: Final = 0.8
_FACTOR: Final = 4.6
_POWER: Final = 0.66
_ENDINGS: Final = 3
_TOLD_FROM: Final = 4
_TOKENS_PER_MARK: Final = 30


class Listings:
    """Compresses listings of files."""

    @property
    def kind(self) -> str:
        """The name `listing`."""
        return "listing"

    def likeness(self, sample: Sample) -> float:
        """Return 0.8 for a text whose lines are entries of folders."""
        return _LIKENESS if listing_form(sample.lines) is not None else 0.0

    def read(self, text: str, _sample: Sample) -> ListingReading | None:
        """Read a listing; `None` for any other text."""
        if too_dense(text):
            return None
        listing = read_listing(TextLines(text))
        return ListingReading(listing) if listing is not None else None

    def budget(self, tokens: int) -> int:
        """Return how many estimated tokens an excerpt of so long a text may have."""
        return power_budget(tokens, factor=_FACTOR, power=_POWER)


@dataclass(frozen=True, slots=True)
class ListingReading:
    """One listing."""

    listing: Listing

    def lossless(self) -> str | None:
        """Write each folder once for the entries that follow each other."""
        listing = self.listing
        if listing.form != ListingForm.PATHS:
            return None
        folders = (listing.folders[at] if at >= 0 else "" for at in listing.folder_of)
        kept = (
            folder if line.startswith(folder) else ""
            for folder, line in zip(folders, listing.lines, strict=True)
        )
        return fold_paths(listing.lines, kept)

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        """Show messages, entries unlike the rest, and some of each folder.

        Args:
            budget: Estimated tokens that the excerpt should not exceed by much.
            interest: What the agent was looking for.
        """
        listing = self.listing
        pieces = ClippedLines(listing.lines, interest.arguments)
        endings = endings_of(listing)
        shown = choose_entries(listing, endings, pieces, budget, interest)
        groups = Groups(
            of=listing.folder_of,
            names=listing.folders,
            noun=("entry", "entries"),
            counts=listing.entries,
        )
        groups = coarsened(groups, budget // _TOKENS_PER_MARK)
        text = write_groups(
            pieces, groups, shown, lambda lines: self._told(lines, endings)
        )
        total = sum(listing.entries)
        visible = sum(1 for at, one in enumerate(shown) if one and listing.entries[at])
        return Excerpt(text=text, omitted=f"{total - visible:,} of {total:,} entries")

    def _told(self, lines: Sequence[int], endings: Column) -> str:
        """Say how large the files of a mark are, and which endings they have."""
        if len(lines) < _TOLD_FROM:
            return ""
        listing = self.listing
        size = 0.0
        if listing.form in {ListingForm.MODES, ListingForm.FIELDS}:
            size = sum(listing.facts.sizes[at] for at in lines if listing.is_file(at))
        total = f", {size:,.0f} bytes" if size else ""
        counts = Counter(map(endings.get, lines))
        top = counts.most_common(_ENDINGS)
        told = ", ".join(f"{n:,} {ending}" for ending, n in top if ending)
        return f"{total}: {told}" if told else total
