"""Configuration files and manifests: YAML, TOML, INI, properties, HCL and the like."""

from __future__ import annotations

import re

from headroom_langchain.compression.budget import power_budget
from headroom_langchain.compression.chosen import ChosenPieces
from headroom_langchain.compression.config.selection import choose
from headroom_langchain.compression.sample import Sample

_FACTOR = 2.6
_POWER = 0.8
_LIKELY = 0.6
_SECTIONED = 0.65
_SECTION = re.compile(r"\[[^\]]+\]\s*$")
_NAMES = (
    ".yaml",
    ".yml",
    ".toml",
    ".ini",
    ".cfg",
    ".conf",
    ".properties",
    ".env",
    ".tf",
    ".hcl",
    ".cnf",
)
_SETTING = re.compile(
    r"\s*(?:- )*(?:(?:[#;] ?(?=[\w.-]+ ?=))?[\w.$/@+*-]+|\"[^\"]+\"|'[^']+')"
    r"[ \t]*(?::(?=\s|$)|=(?!=))"
)
_OTHER = re.compile(
    r"\s*(?:#|;|- \S|\[[^\]]+\]\s*$|---\s*$|\}|\]|[\w.-]+(?: +\"[^\"]*\")* +\{$"
    r"|\"[^\"]*\",?$|'[^']*',?$)"
)
_SCALAR = re.compile(r"\s*(?:- )*[\w.-]+: *[|>][+-]?\s*$")
_REMARK = re.compile(r"\s*[#;]")
_CODE = re.compile(
    r"\s*(?:def |class |import |from \w+ import|return\b|if \(|for \(|func |function "
    r"|const |let |var |public |#include|@|\}? ?else\b|\w+\(.*\)[;:]?$|diff --git|@@ "
    r"|\{$|\"[^\"]*\": )"
)
_MOST_CODE = 0.08
_LEAST_SETTINGS = 0.3
_LEAST_BESIDE_TEXT = 0.25
_LEAST_BESIDE_REMARKS = 0.02
_LEAST_REMARKS = 0.4
_LEAST_LINES = 0.75
_NESTED = re.compile(
    r"\s*(?:- )?[\w.$/-]+:\s*$|\[[^\]]+\]\s*$|\s*- [\w.$/-]+: |[#;] ?\w"
)
_LEAST_NESTED = 0.03


class Config:
    """Compresses configuration files."""

    @property
    def kind(self) -> str:
        """The name `config`."""
        return "config"

    def likeness(self, sample: Sample) -> float:
        """Return 0.6 for settings and comments, and 0.65 if they have sections."""
        if sample.beginning.startswith(("{", "<")) or sample.exceeds(_MOST_CODE, _CODE):
            return 0.0
        settings = sample.share(_SETTING)
        scalars = settings >= _LEAST_BESIDE_TEXT and sample.share(_SCALAR) > 0
        known = sum(
            1
            for line in sample.lines
            if _SETTING.match(line)
            or _OTHER.match(line)
            or (scalars and line.startswith("  "))
        ) / max(1, len(sample.lines))
        if sample.named(*_NAMES) and known >= _LEAST_LINES / 2:
            return _LIKELY
        if known < _LEAST_LINES or sample.share(_NESTED) < _LEAST_NESTED:
            return 0.0
        remarks = sample.share(_REMARK) >= _LEAST_REMARKS
        least = _LEAST_BESIDE_REMARKS if remarks else _LEAST_SETTINGS
        if settings < least:
            return 0.0
        headed = settings >= _LEAST_SETTINGS and any(map(_SECTION.match, sample.lines))
        return _SECTIONED if headed else _LIKELY

    def read(self, text: str, _sample: Sample) -> ChosenPieces | None:
        """Read a configuration file; `None` for one without a visible character."""
        return ChosenPieces(text, choose) if text.strip() else None

    def budget(self, tokens: int) -> int:
        """Return how many estimated tokens an excerpt of so long a file may have."""
        return power_budget(tokens, factor=_FACTOR, power=_POWER)
