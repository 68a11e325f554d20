"""Search results: output of grep, ripgrep and the like.

Lines are shown as they are. Of each file it is said how many matches are not shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from headroom_langchain.compression.budget import power_budget
from headroom_langchain.compression.density import too_dense
from headroom_langchain.compression.excerpt import Excerpt, Interest
from headroom_langchain.compression.sample import Sample
from headroom_langchain.compression.search.clipping import ClippedLines
from headroom_langchain.compression.search.folding import (
    fold_paths,
    heading,
    starts_as_folded,
)
from headroom_langchain.compression.search.hits import choose_hits
from headroom_langchain.compression.search.marks import (
    Groups,
    coarsened,
    write_groups,
)
from headroom_langchain.compression.search.places import common_folder
from headroom_langchain.structure.search_lines import (
    SearchForm,
    SearchResult,
    read_search,
    search_form,
)
from headroom_langchain.structure.text_lines import TextLines

_LIKENESS = 0.85
_FACTOR = 4.7
_POWER = 0.66
_TOKENS_PER_MARK = 18
_LONG = 10
_FEW = 2


class SearchResults:
    """Compresses search results."""

    @property
    def kind(self) -> str:
        """The name `search`."""
        return "search"

    def likeness(self, sample: Sample) -> float:
        """Return 0.85 for a text whose lines name files or their lines."""
        return _LIKENESS if search_form(sample.lines) is not None else 0.0

    def read(self, text: str, _sample: Sample) -> SearchReading | None:
        """Read a search result; `None` for any other text."""
        if too_dense(text):
            return None
        result = read_search(TextLines(text))
        return SearchReading(result) if result is not None else None

    def budget(self, tokens: int) -> int:
        """Return how many estimated tokens an excerpt of so long a text may have."""
        return power_budget(tokens, factor=_FACTOR, power=_POWER)


@dataclass(frozen=True, slots=True)
class SearchReading:
    """One search result."""

    result: SearchResult

    def lossless(self) -> str | None:
        """Write the name of each file once for the lines that follow each other."""
        result = self.result
        if result.form in {SearchForm.HEADED, SearchForm.BARE}:
            return None
        names = (result.files[file] if file >= 0 else "" for file in result.file_of)
        return fold_paths(result.lines, names)

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        """Show definitions, one line of each file, and what is unlike the rest.

        Args:
            budget: Estimated tokens that the excerpt should not exceed by much.
            interest: What the agent was looking for.
        """
        result = self.result
        root = _root(result)
        pieces = ClippedLines(result.lines, interest.arguments, root)
        shown = choose_hits(result, pieces, budget, interest)
        text = write_groups(pieces, _groups(result, budget, root), shown)
        if root:
            text = f"{heading(root)}\n{text}"
        total = sum(result.matches)
        visible = sum(1 for at, one in enumerate(shown) if one and result.matches[at])
        omitted = f"{total - visible:,} of {total:,} matches"
        return Excerpt(text=text, omitted=omitted)


def _root(result: SearchResult) -> str:
    """Return the long absolute folder that all paths begin with, to say it once.

    Relative paths stay whole, as they are what an agent would write.
    """
    if result.form == SearchForm.HEADED or len(result.files) < _FEW:
        return ""
    root = common_folder(result.files)
    absolute = root.startswith("/") or root[1:2] == ":"
    long = absolute and len(root) >= _LONG
    return root if long and not starts_as_folded(result.lines) else ""


def _groups(result: SearchResult, budget: int, root: str) -> Groups:
    """Count by file, or by folder where there are too many files to name."""
    counted = result.form == SearchForm.COUNTED
    groups = Groups(
        of=result.file_of,
        names=ClippedLines(result.files, root=root) if root else result.files,
        noun=("file", "files") if counted else ("match", "matches"),
        counts=result.matches,
    )
    return coarsened(groups, budget // _TOKENS_PER_MARK)
