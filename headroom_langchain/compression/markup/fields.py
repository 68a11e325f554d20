"""Form fields as one line tells them: `[email name=mail required]`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

_SHOWN: Final = (
    "name value placeholder min max minlength maxlength pattern step accept".split()
)
_FLAGS: Final = "required disabled readonly checked multiple".split()
_WIDEST: Final = 80
_MOST_OPTIONS: Final = 12


def describe_field(tag: str, attributes: dict[str, str]) -> str:
    """Return what a form field is: its type, name, value and what it requires."""
    parts = [attributes.get("type") or ("text" if tag == "input" else tag)]
    for name in _SHOWN:
        value = attributes.get(name)
        if value:
            parts.append(f"{name}={_quoted(value)}")
    parts += [flag for flag in _FLAGS if flag in attributes]
    if attributes.get("aria-invalid") == "true":
        parts.append("invalid")
    return " ".join(parts)


def _quoted(value: str) -> str:
    plain = " ".join(value.split())
    if len(plain) > _WIDEST:
        plain = f"{plain[:_WIDEST]}…"
    return f'"{plain}"' if " " in plain else plain


@dataclass(slots=True)
class Options:
    """The options of a list to choose from, as they come."""

    about: str
    """The field, as `describe_field` tells it."""
    texts: list[str] = field(default_factory=list)
    chosen: list[int] = field(default_factory=list)

    def begin(self, attributes: dict[str, str]) -> None:
        """Begin an option."""
        if "selected" in attributes:
            self.chosen.append(len(self.texts))
        self.texts.append("")

    def add(self, text: str) -> None:
        """Add to the text of the option."""
        if self.texts and len(self.texts[-1]) < _WIDEST:
            self.texts[-1] = f"{self.texts[-1]} {text.strip()}".strip()[:_WIDEST]

    def describe(self) -> str:
        """Return the field, its first options, and which are chosen."""
        texts = [text for text in self.texts if text]
        shown = texts[:_MOST_OPTIONS]
        more = len(texts) - len(shown)
        if more:
            shown.append(f"… {more} more")
        listed = f": {', '.join(shown)}" if shown else ""
        chosen = ", ".join(self.texts[at] for at in self.chosen[:_MOST_OPTIONS])
        selected = f"; selected: {chosen}" if chosen else ""
        return f"{self.about}{listed}{selected}"
