"""Character references, and tags of any size."""

from __future__ import annotations

from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from headroom_langchain.structure.tags import resolve, scan

PARTS = (
    '& &amp; &amp &lt; &lt &gt; &quot; &nbsp; &not &notin; &#65; &#x41 a ; # " < lt;'
)


class _Names:
    """Notes the attributes that it is told."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def open(self, _tag: str, attributes: dict[str, str], /, *, empty: bool) -> None:
        assert not empty
        self.names += attributes

    def close(self, tag: str, /) -> None:
        """End tags have no attributes."""

    def text(self, text: str, /) -> None:
        """Nor has text."""

    def comment(self, text: str, /) -> None:
        """Nor have comments."""


@given(st.lists(st.sampled_from(PARTS.split()), max_size=12).map("".join))
def test_references_are_resolved_as_browsers_do(text: str) -> None:
    """Taking the frequent ones first makes no difference."""
    assert resolve(text) == unescape(text)


def test_of_very_many_attributes_the_first_are_told() -> None:
    """One tag of half a megabyte does not become a dictionary of that size."""
    many = " ".join(f'name{at}="{at}"' for at in range(30_000))
    told = _Names()
    scan(f"<a {many}>", told, html=False)
    assert told.names[:2] == ["name0", "name1"]
    assert 1_000 < len(told.names) < 10_000
