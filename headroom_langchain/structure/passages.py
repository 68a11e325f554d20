"""A text as numbered lines, each knowing what it is part of.

JSON, diffs, Markdown, HTML, source code and tables are told apart by cheap signs,
since the only thing at stake is the context a line is found and shown with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, TypeAlias

from .json_spans import Spans, json_cuts, scan_json
from .lines import Lines, split_lines
from .sections import NOWHERE, Outline, Section, nest, owners
from .sections_code import code_outline, looks_like_code
from .sections_diff import diff_headings
from .sections_json import json_sections
from .sections_layout import layout_sections
from .sections_prose import find_headings, is_markdown
from .sections_table import header_row

Form: TypeAlias = Literal["json", "diff", "prose", "code", "table", "lines"]
"""How a text is laid out."""

_DEEPEST = 12
_LONGEST_LABEL = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text, its lines, and what each line is part of."""

    text: str
    form: Form
    lines: Lines
    outline: Outline
    owners: Sequence[int]
    """For each line the innermost section that holds it, or -1."""
    header: int | None = None
    """The line that names the columns of a table."""
    spans: Spans = field(default_factory=Spans)
    """Where the values of a JSON text stand."""

    def line(self, at: int) -> str:
        """Return a line without its line break."""
        return self.text[self.lines.starts[at] : self.lines.ends[at]].rstrip("\r\n")

    def chain(self, section: int) -> Iterator[Section]:
        """Yield a section and what it is part of, innermost first, 12 at most."""
        return map(self.outline.sections.__getitem__, self.places(section))

    def places(self, section: int) -> Iterator[int]:
        """Yield the indexes of the sections that `chain` yields."""
        for _ in range(_DEEPEST):
            if section == NOWHERE:
                return
            yield section
            section = self.outline.sections[section].parent

    def label(self, section: int) -> str:
        """Return the words that say where a section is, such as `$.items[17]`."""
        if section == NOWHERE:
            return ""
        names = [part.name for part in self.chain(section)][::-1]
        if self.form != "json":
            return " > ".join(names)[-_LONGEST_LABEL:]
        path = "".join(names)
        return (path if path.startswith("$") else f"$…{path}")[-_LONGEST_LABEL:]


def read_document(text: str) -> Document:
    """Read a text. Takes any text, in time linear in its length."""
    spans = scan_json(text)
    if spans is not None:
        lines = split_lines(text, partial(json_cuts, spans))
        sections, owning = json_sections(text, spans, lines)
        return Document(
            text=text,
            form="json",
            lines=lines,
            outline=Outline(sections=sections),
            owners=owning,
            spans=spans,
        )
    lines = split_lines(text)
    texts = list(map(text.__getitem__, map(slice, lines.starts, lines.ends)))
    form, outline = _understand(texts)
    return Document(
        text=text,
        form=form,
        lines=lines,
        outline=outline,
        owners=owners(outline.sections, len(lines)),
        header=header_row(texts) if form in {"table", "lines"} else None,
    )


def _understand(texts: Sequence[str]) -> tuple[Form, Outline]:
    count = len(texts)
    code = code_outline(texts)
    changes = diff_headings(texts)
    if changes:
        sections = nest(changes, count)
        return "diff", Outline(sections=sections, definitions=code.definitions)
    if is_markdown(texts):
        return "prose", _with_headings(texts)
    if looks_like_code(code, count):
        return "code", code
    if header_row(texts) is not None:
        return "table", Outline()
    outline = _with_headings(texts)
    if len(outline.sections) > 1:
        return "prose", Outline(sections=outline.sections, definitions=code.definitions)
    sections = layout_sections(texts)
    return "lines", Outline(sections=sections, definitions=code.definitions)


def _with_headings(texts: Sequence[str]) -> Outline:
    return Outline(sections=nest(find_headings(texts), len(texts)))
