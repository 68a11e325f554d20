"""Programming languages, told by the name of a file or by the looks of its lines.

A language says little here: how blocks are written and how comments begin. What
a wrong guess costs is a longer outline.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Blocks(Enum):
    """How a language writes the body of a function."""

    INDENTED = "indented"
    """By indentation alone, as Python does."""
    BRACED = "braced"
    """Between braces."""
    ENDED = "ended"
    """Up to a word such as `end` or `done`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A programming language."""

    name: str
    """Its name in lower case, as ast-grep calls it."""
    blocks: Blocks
    endings: tuple[str, ...]
    """How its files end, such as `.py`."""
    comments: tuple[str, ...]
    """What begins a comment that ends with its line."""
    told_by: re.Pattern[str]
    """Matches lines, without their indentation, that hardly another language has."""


def _language(
    name: str, blocks: Blocks, endings: str, comments: str, told_by: str
) -> Language:
    return Language(
        name=name,
        blocks=blocks,
        endings=tuple(endings.split()),
        comments=tuple(comments.split()),
        told_by=re.compile(told_by),
    )


_JAVASCRIPT = (
    r"(?:const|let|var) [\w${},\[\] ]{1,80} = |(?:export )?(?:default )?(?:async )?"
    r"function\b ?\*?|.{0,120}=> \{$|module\.exports|exports\.\w|['\"]use strict"
    r"|import .{1,200} from ['\"]|\}\)[;,]$|(?:static )?(?:async )?"
    r"(?:constructor|render)\(|.{0,80}===|class [\w$]+(?: extends [\w$.]+)? \{$"
)
_C = (
    r"#\s*(?:include [<\"]|define \w|if(?:n?def)? \w|endif|pragma )|typedef "
    r"|(?:static |extern |const |unsigned |inline )*(?:int|char|void|struct \w+|size_t"
    r"|bool|long|double|u?int\d+_t|_*[us]\d+)\s+\*{0,2}\w+(?:\(|;| =|\[)"
    r"|static [\w ]+\**$|(?:if|for|while|switch) \(.*\)$|.{1,160}->(?<=\w->)[a-z_]"
    r"|return NULL;|.{0,121}= NULL\b"
    r"|(?:struct|union|enum) ?\w* ?\{$|goto \w+;|case [A-Z_\d]+:$"
    r"|[A-Z][A-Z0-9_]+,(?:\s|$)"
)

LANGUAGES: Final = (
    _language(
        "python",
        Blocks.INDENTED,
        ".py .pyi .pyx .pyw",
        "#",
        r"(?:async )?def \w+\(|class \w+(?:\(.*)?:$|from [\w.]+ import |import [\w.]+"
        r"(?: as \w+)?$|(?:el)?if .*:$|for .* in .*:$|try:$|except\b.*:$|else:$|with .*"
        r":$|@[\w.]+(?:\(|$)|raise \w|self\.\w|return (?:None|True|False)\b|\"\"\"",
    ),
    _language(
        "typescript",
        Blocks.BRACED,
        ".ts .mts .cts",
        "//",
        r"(?:export )?(?:declare )?(?:interface|type|enum|namespace|abstract class) "
        r"[\w$]+|(?:private|public|protected|readonly) (?:async |readonly )?[\w$]+[(:?]"
        r"|import (?:type )?.{1,200} from ['\"].*['\"];?$|[\w$]+\??: [\w$\[\]<>| ]+;$"
        r"|(?:export )?(?:const|let|(?:async )?function) [\w$]+(?:<.*|.{0,120}: \w)"
        r"|(?:export )?(?:default )?class [\w$]+|(?:get|set) \w+\(",
    ),
    _language("tsx", Blocks.BRACED, ".tsx", "//", r"(?!)"),
    _language("javascript", Blocks.BRACED, ".js .mjs .cjs .jsx", "//", _JAVASCRIPT),
    _language(
        "go",
        Blocks.BRACED,
        ".go",
        "//",
        r"package \w+$|func (?:\(|\w+\()|.{0,80} := |type \w+ (?:struct|interface) \{"
        r"|if err != nil|return nil\b|import \($|defer |go func|case .*:$|var \w+ \w",
    ),
    _language(
        "rust",
        Blocks.BRACED,
        ".rs",
        "//",
        r"(?:pub(?:\(\w+\))? )?(?:unsafe |async |const )?(?:fn|struct|enum|trait|mod"
        r"|use|impl|static|type) ?[\w<{:]|#!?\[|let (?:mut )?\w+|impl<|match .* \{$"
        r"|///|//!"
        r"|\w.* => ",
    ),
    _language(
        "java",
        Blocks.BRACED,
        ".java",
        "//",
        r"package [\w.]+;|import (?:static )?[\w.*]+;|@Override|(?:public|private"
        r"|protected)(?: static| final| abstract)* (?:class|interface|enum|record|void"
        r"|[\w<>\[\], ?]+) \w+ ?(?:[({=;]|extends|implements)|.*throws \w+|\* @\w+",
    ),
    _language(
        "csharp",
        Blocks.BRACED,
        ".cs",
        "//",
        r"using [\w.]+;|namespace [\w.]+[;{]?$|///? ?<|\[\w+(?:\(.*\))?\]$|(?:public"
        r"|private|protected|internal)(?: static| async| override| virtual| readonly"
        r"| sealed| partial)* [\w<>\[\], ?]+ \w+ ?(?:[({=;]|$)|.*\{ get; |#region",
    ),
    _language(
        "cpp",
        Blocks.BRACED,
        ".cpp .cc .cxx .hpp .hh .hxx .cu .cuh .inl .ipp",
        "//",
        _C + r"|template ?<|namespace \w*|class \w+|using \w|std::|.*::(?<=\w::)\w"
        r"|(?:public|private|protected):$|virtual |explicit |#pragma once",
    ),
    _language("c", Blocks.BRACED, ".c .h", "//", _C),
    _language(
        "php",
        Blocks.BRACED,
        ".php",
        "// #",
        r"<\?php|(?:public |private |protected )?(?:static )?\$\w+|"
        r"(?:public|private|protected)?(?: static)? ?function \w*\(|use "
        r"[\w\\]+;|namespace [\w\\]+;|\* @(?:param|return|var)",
    ),
    _language(
        "kotlin",
        Blocks.BRACED,
        ".kt .kts",
        "//",
        r"(?:override |private |internal |suspend |inline |open |public )*fun [\w<.(]"
        r"|(?:data |sealed |open |enum )?class \w+|(?:private |override |const )*"
        r"va[lr] \w+|package [\w.]+$|import [\w.*]+$|(?:companion )?object\b",
    ),
    _language(
        "swift",
        Blocks.BRACED,
        ".swift",
        "//",
        r"(?:public |private |static |override |internal |open |mutating |@\w+ )*func "
        r"\w|(?:public |private |static |weak |lazy )*(?:let|var) \w+|guard "
        r"|import \w+$|extension \w|protocol \w|(?:final )?class \w+|struct \w+"
        r"|init\(|case \.",
    ),
    _language(
        "scala",
        Blocks.BRACED,
        ".scala .sc",
        "//",
        r"(?:override |private |implicit |protected |final |lazy )*(?:def|val|var) \w"
        r"|(?:case |sealed |abstract )*(?:class|object|trait) \w|import [\w.{}, ]+$"
        r"|package [\w.]+$|case .* =>",
    ),
    _language("dart", Blocks.BRACED, ".dart", "//", r"(?!)"),
    _language("groovy", Blocks.BRACED, ".groovy .gradle", "//", r"(?!)"),
    _language(
        "ruby",
        Blocks.ENDED,
        ".rb .rake .gemspec",
        "#",
        r"def (?:self\.)?\w+[?!]?|end$|(?:class|module) [A-Z][\w:]*"
        r"|require(?:_relative)? ['\"]|attr_\w+ :|.* do(?: \|.*\|)?$"
        r"|unless |elsif |@\w+ = ",
    ),
    _language(
        "lua",
        Blocks.ENDED,
        ".lua",
        "--",
        r"local (?:function )?\w|function [\w.:]+\(|end[,)]?$|--(?: |\[\[)|.* then$"
        r"|elseif ",
    ),
    _language(
        "bash",
        Blocks.ENDED,
        ".sh .bash .zsh .ksh",
        "#",
        r"#!.*sh\b|fi$|done$|esac$|then$|if \[\[? |echo |export \w+=|local \w+|\w+\(\) "
        r"?\{|.*\$\{?\w+|set -[a-z]|case .* in$|function \w+",
    ),
    _language(
        "perl",
        Blocks.BRACED,
        ".pl .pm",
        "#",
        r"use [\w:]+|sub \w+|my [$@%(]|our [$@%]|package [\w:]+;|\$\w+->|=head\d|=cut",
    ),
)
"""The languages that are known."""

_OF_ENDING: Final = {
    ending: language for language in LANGUAGES for ending in language.endings
}
_NOTHING: Final = r"(?!)"
_TOLD: Final = [one for one in LANGUAGES if one.told_by.pattern != _NOTHING]
"""Those that lines can tell; others are only known by the names of files."""
_LEAST: Final = 0.07
_GLANCED: Final = 100
_LEAST_LINES: Final = 3


def language_named(words: Iterable[str]) -> Language | None:
    """Return the language of the first word that is the name of a source file.

    Args:
        words: Words such as paths, in lower case.
    """
    for word in words:
        dot = word.rfind(".")
        language = _OF_ENDING.get(word[dot:]) if dot >= 0 else None
        if language is not None:
            return language
    return None


def language_like(lines: Sequence[str]) -> Language | None:
    """Return the language that lines look most like, if they look like one.

    Args:
        lines: Lines; of very many, a hundred or so count.
    """
    stride = 1 + len(lines) // _GLANCED
    bodies = [body for line in lines[::stride] if (body := line.strip())]
    best: Language | None = None
    most = max(_LEAST_LINES - 1, int(_LEAST * len(bodies)))
    for language in _TOLD:
        told = language.told_by.match
        hits = len(tuple(filter(told, bodies)))
        if hits > most:
            best, most = language, hits
    return best
