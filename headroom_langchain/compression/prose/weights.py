"""How much depends on each piece of a document.

What a piece says counts, and where it stands: in a note that is set apart, or first
under a heading such as `Breaking changes`.
"""

from __future__ import annotations

from typing import Final

from headroom_langchain.compression.prose.pieces import Document
from headroom_langchain.structure.markup import Part
from headroom_langchain.structure.statements import Weight, weigh
from headroom_langchain.structure.stems import Lowered

_HEEDED: Final = 4
_SHORT_NOTE: Final = 6
_EMPHATIC: Final = (" NOT ", " ONLY ", "NEVER ", "MUST ", "ALWAYS ", "DEPRECATED")
_CHANGES: Final = (" now ", " now\n", "之后", "现在", "現在")
_VALUES: Final = (
    "one of|possible values|valid values|allowed values|supported values|can be set to"
    "|accepted values|legal values|choices|valid options|values are"
    "|exit status|exit code|取值|可选值|值为|のいずれか|値は|중 하나"
).split("|")
_RARE: Final = 0.08
"""What more of the pieces have says nothing about any of them."""


def weigh_pieces(document: Document, lowered: Lowered) -> list[Weight]:
    """Say how much depends on each piece.

    Args:
        document: The document.
        lowered: What its pieces say, in lower case.
    """
    weights = weigh(lowered, len(document))
    _heed_changes(weights, lowered)
    _heed_capitals(weights, document)
    _heed_headings(weights, document)
    _heed_notes(weights, document)
    return weights


def _heed_changes(weights: list[Weight], lowered: Lowered) -> None:
    """What is new, and which values are possible."""
    for stems, weight in ((_CHANGES, Weight.RULE), (_VALUES, Weight.LIMIT)):
        for stem in stems:
            found = list(lowered.having((stem,)))
            if len(found) <= _RARE * len(weights):
                for at in found:
                    weights[at] = max(weight, weights[at])


def _heed_capitals(weights: list[Weight], document: Document) -> None:
    """`ONLY` in capitals is meant to be noticed."""
    words = [word for word in _EMPHATIC if word in document.text]
    for at, piece in enumerate(document.texts) if words else ():
        if any(word in piece for word in words) and not piece.isupper():
            weights[at] = Weight.WARNING


def _heed_headings(weights: list[Weight], document: Document) -> None:
    """What stands first under `Breaking changes` matters as much as the heading."""
    weight, left = Weight.NOTHING, 0
    for block, pieces in document.each_block():
        if block.part is Part.HEADING:
            weight = max(weights[at] for at in pieces)
            left = _HEEDED if weight >= Weight.RULE else 0
        elif left and block.part not in (Part.CODE, Part.FILLER):
            weights[pieces[0]] = max(weight, weights[pieces[0]])
            left -= 1


def _heed_notes(weights: list[Weight], document: Document) -> None:
    """Notes that are set apart are shown whole."""
    for _, pieces in document.each_block(Part.NOTE):
        if len(pieces) <= _SHORT_NOTE:
            for at in pieces:
                weights[at] = Weight.WARNING
