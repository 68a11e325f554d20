"""What part a line plays in a text nobody told the format of.

Prose, Markdown, source code, patches, search results and tables are told apart
line by line: a heading, a definition, a line that states a rule, the first line of
a paragraph, or a line like any other. Any script, any language as far as looks go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum


class Role(IntEnum):
    """The part a line plays; the smaller, the sooner it is worth showing."""

    HEADING = 0
    DEFINITION = 1
    RULE = 2
    """It says what must or must not be, a default or a limit."""
    MENTION = 3
    """It speaks of an error, an exception from a rule, a total."""
    LEAD = 4
    """It begins a paragraph, an item or a block, or is a changed line of a patch."""
    BODY = 5
    FILLER = 6
    """A blank line, a lone bracket, markup without text."""


_HEADING = re.compile(
    r"#{1,6} \S|<h[1-6][ >]"
    r"|<title|<summary|==+ \S.{0,120} ==+$|\[[\w .:\"/-]{1,80}\]$"
    r"|(?:\d{1,2}\.){1,4}\d{0,2} +[^\W\d_]|第.{1,6}[章节節条條]"
    r"|(?:chapter|section|part) \d"
    r"|diff --git |Index: |\+\+\+ \S|--- \S|rename (?:from|to) |deleted file|new file"
    r"|%%|\\(?:sub)*section\{",
    re.IGNORECASE,
)
_UNDERLINE = re.compile(r"([=~^\"*+#-])\1{2,}$")
_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+\d+")
_FOUND = re.compile(r"([\w./@+-]{1,160}?)([:-])\d{1,7}\2")
_MODIFIERS = (
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract"
    r"|async|pub|pub\(crate\)|unsafe|extern|inline|virtual|override|declare|sealed|open"
    r"|data|suspend|partial) )*"
)
_DEFINITION = re.compile(
    _MODIFIERS + r"(?:(?:def|class|function\*?|func|fn|fun|interface|type|struct|enum"
    r"|trait|impl|module|namespace|record|protocol|macro_rules!|object|sub|proc|message"
    r"|service|rpc|package|mod|contract|template|typedef)[ \t*]+[\w$(<\[\"']"
    r"|(?:const|let|var) [\w$]+(?:: [^=]+)? = (?:async )?(?:\(|function|[\w$]+ =>)"
    r"|(?:const|static|val|constexpr) [\w:<>&]+(?: \w+)? ?="
    r"|#define \w|CREATE |ALTER TABLE |create (?:table|view|function|index) "
    r"|[A-Z_][A-Z0-9_]{2,}(?:: ?[\w\[\], .|]+)? ?:?= ?\S)"
)
_CALLABLE = re.compile(r"[\w:<>,*&\[\]~ ]+\(")
_RULE = re.compile(
    r"must|never|always|require|note[: ]|note that|warn|important|caution|danger"
    r"|default|deprecat|obsolete|limit|maxim|minim|at most|at least|cannot|can't"
    r"|not allow|not support|unsupported|no longer|breaking|secur|vulnerab|raise "
    r"|raises|throw|panic|forbid|prevent"
    r"|必须|必須|必要|注意|警告|错误|エラー|默认|預設|デフォルト|既定|废弃|非推奨|制限|限制"
    r"|重要|禁止|不能|できません|例外|기본|필수|오류|경고|주의"
    r"|obligat|défaut|attention|standard(?:wert|mäßig)|veraltet|pflicht"
    r"|achtung|predetermin|advertencia|obsoleto|ошибк|важно|умолчанию|предупрежд"
)
_MENTION = re.compile(
    r"should|error|fail|exception|total|do not|don't|unless|removed|todo|fixme|exceed"
    r"|timeout|instead of|renamed|only|except|合計|总计|失败|失敗|erreur|fehler"
)
_ITEM = re.compile(r"(?:[-*+•·] |\d{1,3}[.)] |\(\w\) |<li|<p[ >]|<td|<th|<dt|<a |\|)")
_TAG_PIECES = re.compile(r"<[^<>]*>?|[\s{}()\[\];,>=*_~^#\"'|+:.-]+")
_TITLE_LENGTH = 80
_PROBED = 400
_INDENT_OF_DEFINITIONS = 24


def roles(lines: Sequence[str]) -> list[Role]:
    """Say which part each line plays.

    Args:
        lines: Lines, or pieces of over-long lines, without line breaks.
    """
    patch = any(_HUNK.match(line) for line in lines[:_PROBED])
    found: list[Role] = []
    file_before = ""
    for at, line in enumerate(lines):
        text = line[:_PROBED].strip()
        if not text:
            found.append(Role.FILLER)
            continue
        before = lines[at - 1] if at else ""
        after = lines[at + 1] if at + 1 < len(lines) else ""
        if patch:
            found.append(_in_patch(line[:_PROBED]))
            continue
        hit = _FOUND.match(text)
        if hit is None:
            found.append(_role(line[:_PROBED], text, before, after))
            continue
        inner = text[hit.end() :]
        role = _role(inner, inner.strip(), "-", "-")
        new_file = hit.group(1) != file_before and role > Role.LEAD
        file_before = hit.group(1)
        found.append(Role.LEAD if new_file else role)
    return found


def _in_patch(line: str) -> Role:
    if _HUNK.match(line):
        return Role.LEAD
    if line[:1] not in ("+", "-"):
        if line.startswith(("diff ", "Index: ", "rename ", "deleted file", "new file")):
            return Role.HEADING
        return Role.BODY if line[:1] != " " else Role.FILLER
    if line.startswith(("+++ ", "--- ")):
        return Role.HEADING
    text = line[1:].strip()
    if _is_definition(line[1:], text):
        return Role.DEFINITION
    return Role.LEAD if _TAG_PIECES.sub("", text) else Role.FILLER


def _role(line: str, text: str, before: str, after: str) -> Role:
    if _is_heading(line, text, before, after):
        return Role.HEADING
    if _is_definition(line, text):
        return Role.DEFINITION
    if not text[:1].isalnum() and not _TAG_PIECES.sub("", text):
        return Role.FILLER
    leads = not before.strip() or _ITEM.match(text) or before.rstrip()[-1:] == ":"
    return _said(text.lower()) or (Role.LEAD if leads else Role.BODY)


def _said(lowered: str) -> Role | None:
    if _RULE.search(lowered):
        return Role.RULE
    return Role.MENTION if _MENTION.search(lowered) else None


def _is_heading(line: str, text: str, before: str, after: str) -> bool:
    if len(text) <= 2 * _TITLE_LENGTH and _HEADING.match(text):
        return not line.startswith((" ", "\t")) or text.startswith("<")
    if len(text) > _TITLE_LENGTH or line[:1].isspace():
        return False
    ruled = bool(after[:4]) and _UNDERLINE.match(after.rstrip()) is not None
    if ruled and text[:1].isalnum():
        return True
    alone = not before.strip() and text.isupper() and text[0].isalpha()
    return alone and len(text) > len("NO.")


def _is_definition(line: str, text: str) -> bool:
    if len(line) - len(line.lstrip()) > _INDENT_OF_DEFINITIONS:
        return False
    if _DEFINITION.match(text):
        return True
    # The looks of a C-like signature: type, name and arguments, then a body.
    if text[-1:] != "{" or "(" not in text or line.startswith("   "):
        return False
    return (
        _CALLABLE.match(text) is not None
        and " " in text[: text.index("(")].strip()
        and not text.startswith(("if ", "for ", "while ", "switch ", "} ", "else "))
    )
