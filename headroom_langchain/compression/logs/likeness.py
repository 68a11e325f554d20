"""How much a text looks like a log, a build, a test run or a stack trace."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import filterfalse, islice, pairwise

from headroom_langchain.compression.sample import Sample
from headroom_langchain.structure.listing_lines import listing_form

_STAMP = re.compile(
    r"[\[(<]?(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}[T _:-]\d{1,2}:\d\d"
    r"|\d{1,2}[/-](?:\d{1,2}|[A-Z][a-z]{2})[/-]\d{2,4}[ T:,]{1,2}\d\d:\d\d"
    r"|(?:[A-Z][a-z]{2},? ){1,2} ?\d{1,2},? (?:\d{4},? )?\d\d:\d\d:\d\d"
    r"|\d{1,2}:\d\d:\d\d[\]., ])|\[ *\d+\.\d{3,}s?\]|[IWEFD]\d{4} \d\d:\d\d"
    r"|\d{2}-\d{2} \d\d:\d\d:\d\d"
)
_ACCESS = re.compile(r"\S+ \S+ \S+ \[\d{1,2}/[A-Z][a-z]{2}/\d{4}:")
_LEVEL = re.compile(
    r"(?:\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|FATAL|CRITICAL|SEVERE)"
    r"(?:\]|:|\s+[\[\w(/]|$)|\[(?:info|warn|warning|error|debug|notice|trace)\]"
    r"|npm (?:ERR!|WARN|error|warn|notice|http|info|verb)|level=|time=\")"
)
_BUILD = re.compile(
    r"\[ *\d+(?:/\d+|%)\]|g?make(?:\[\d+\])?: |> Task |Step \d+/\d+"
    r"|#\d+ (?:\[|\d+\.\d|DONE)"
    r"|(?:\S+/)?[\w.+-]+\.\w{1,5}[:(]\d+(?:[:,]\d+)?\)?: "
    r"(?:fatal |warning|error|note|In )"
    r"|(?:warning|error)(?:\[E\d+\])?: \w|--> \S+:\d+:\d+$|\|$|= (?:note|help): "
    r"|(?:In file included|\s+from \S+:\d+|gcc |g\+\+ |cc |clang |ld: |libtool: )"
    r"|\s*(?:Compiling|Downloading|Downloaded|Checking|Finished|Updating|Building"
    r"|Installing|Collecting|Fetched|Linking|Running|Unpacking|Setting up|Selecting"
    r"|Preparing|Get:\d+|Hit:\d+|CC|CXX|LD|AR) +\S+.{0,120}[\w)/.]$"
    r"|\s*\[(?:javac|exec|echo|junit|mkdir|copy|jar|delete|java)\] |import time: "
    r"|BUILD |Build (?:started|succeeded|FAILED)|##\[|::\w+|\+ \w+ .*-\w|\s*Target \w+:"
    r"|\d* *\| +[~^|]|\d+ \| |[~^]+$"
    r"|\S+: (?:Creating|Creation complete|Modifying|Modifications complete|Destroying"
    r"|Destruction complete|Refreshing state|Still \w+|Reading|Read complete)[ .]"
    r"|(?:PLAY|TASK|HANDLER|RUNNING HANDLER|PLAY RECAP) [\[*]"
    r"|(?:ok|changed|fatal|skipping|unreachable|included): \[|asset \S+ [\d.]+ [KM]?i?B"
    r"|(?:[Ee]poch|EPOCH|[Ss]tep|[Ii]ter(?:ation)?|[Bb]atch)[ :=\[#]+\d+[\]/: ,]"
    r"|\S* *\d+%[|\[ ]|> [\w@./-]+@\d[\w.-]* \w+$|==\d+== ?"
    r"|Successfully |Requirement already|Using cached|added \d+ packages"
)
_TESTS = re.compile(
    r"={3,} .{1,100} ={3,}$|_{3,} .{1,150} _{3,}$"
    r"|(?:PASSED|FAILED|SKIPPED|XFAIL|PASS|FAIL) {1,2}\S"
    r"|E   |>   {2,}|\s*(?:--- (?:PASS|FAIL|SKIP)|=== (?:RUN|CONT|PAUSE|NAME))"
    r"|test \S+ \.\.\. |\s*[✓✔√✗✘✖✕●○] "
    r"|Tests?(?: run)?: |Test Suites: |ok +\S+\s+[\d.]+s|(?:not )?ok \d+ "
    r"|\d+/\d+ Test +#\d+: |Start +\d+: |(?:Passed|Failed|Skipped) \S+ .{0,80}\[[<\d]"
    r"|# (?:Subtest|tests|pass|fail|skipped|suites|duration_ms)\b|duration_ms: "
    r"|Failure/Error: |# \./\S+:\d+:in |\d+ examples?, |[.FEIWRSP*]{20,}(?: |$)"
    r"|\S+ [.FsxEX]{5,} *(?:\[ *\d+%\])?$|Ran \d+ tests?"
)
_VERDICT = re.compile(
    r".{1,200} (?:PASSED|FAILED|SKIPPED|ERROR|XFAIL|XPASS)(?: +\[ *\d+%\])?$"
    r"|.{1,200} \.\.\. (?:ok|FAIL|ERROR|skipped)"
)
_TRACE = re.compile(
    r"\s*(?:at (?:async |new )?[\w$.<>/\[@~-]+ ?\(|at \S+ in |File \".*\", line \d"
    r"|Traceback \(most|Caused by: |goroutine \d+ \[|panic: |#\d+ +0x|from \S+:\d+:in )"
    r"|[|+] +(?:Traceback|Exception Group|File \")|\| +[\^~]+$|\|  {3,}\S"
    r"|#\d+ +[\w<].{0,200} (?:at|in|from) \S+|---> [\w.]+|Thread (?:0x|\d+ \()"
    r"|\"[^\"]+\" #\d+ |- (?:locked|waiting|parking) "
    r"|[\w.$]+(?:Exception|Error): |Exception in thread "
    r"|thread '.*' (?:\(\d+\) )?panicked"
    r"|at [./\w-]+\.\w+:\d+(?::\d+)?$|\d+: +[\w<_][^ ]*::"
)
_BANNER = re.compile(
    r"TAP version \d|(?:Reading|Loading) package lists|Test project /|PHPUnit \d"
    r"|Full thread dump |Starting test execution|={5,} test session starts ={5,}"
    r"|Terraform used the selected|Terraform will perform|==\d+== (?:Memcheck|Helgrind)"
    r"|PLAY \[|> Task :|\[INFO\] Scanning for projects|npm (?:ERR!|error) code "
    r"|> \S+@\d\S* \w+$|=== RUN  |running \d+ tests?$|Test run for "
    r"|Microsoft \(R\) (?:Build|Test)|\d* *=+ FAILURES =+|Failures:$"
    r"|  \+ Exception Group Traceback|=+\d*=*ERROR: \w+Sanitizer|Namespace: {2,}\S"
    r"|LAST SEEN +TYPE|#\d+ \[[\w ]+\d+/\d+\] "
)
_BANNER_LINES = 16
_FENCE = "```"
_TRACES = 0.95
_CERTAIN = 0.9
_LIKELY = 0.7
_PERHAPS = 0.5
_NEARLY_ALL = 0.8
_MOST = 0.5
_MARK = re.compile(
    "|".join(
        f"(?:{one.pattern})"
        for one in (_STAMP, _LEVEL, _TRACE, _BUILD, _TESTS, _ACCESS)
    )
)
_PATCH = re.compile(r"diff --git |@@ -\d+|Index: |--- a/|\+\+\+ b/")
_MARKUP = re.compile(
    r"<!DOCTYPE|<html|<\?xml|<[a-zA-Z][\w:.-]*(?:[ >]|/>)", re.IGNORECASE
)
_CODE = re.compile(
    r"\s*(?:def |class |import |from \S+ import|return\b|if .*:$|for .*:$|else\b|elif "
    r"|func |fn |let |const |var |public |private |protected |#include|package |use "
    r"|export |namespace |struct |interface |//|/\*|\* |\}|self\.|\w+\(.*\);$|@\w+)"
    r"|.*[{};]$"
)
_DIAGNOSTIC = re.compile(r"[:(]\d+[,:\d]*\)?: (?:fatal )?(?:error|warning)(?: \w+)?: ")
_LEVEL_WORD = re.compile(r"\b(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL)\b")
_STAMP_INSIDE = re.compile(r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d")
_SHOUTED = re.compile(
    r"[TDINWEFPSX](?:RACE|EBUG|NFO|OTICE|ARN|RROR|A(?:TAL|ILED)|ASSED|KIPPED|FAIL|PASS)"
)
_CLOCK = re.compile(r":\d\d:\d\d")
_TARGET = re.compile(r"[\w.%/$(){}-]+(?: [\w.%/$(){}-]+)* ?::?(?: [^=]*)?$")
_VARIABLE = re.compile(r"(?:export )?\w+ *[:?+]?=|\.PHONY\b")
_LEVEL_WITHIN = 80
_GLANCED = 90
_GLANCE = 45
_FAR_TOO_FEW = 0.1
_ENOUGH = 0.3
_ENOUGH_TRACES = 0.15
_MOSTLY_TRACES = 0.25
_ENOUGH_DIAGNOSTICS = 0.06
_ENOUGH_ALIKE = 0.4
_ENOUGH_COLUMNS = 0.9
_LEAST = 2
_DIGITS = re.compile(r"\d+")


def log_likeness(sample: Sample) -> float:
    """Say how much a text is written as logs are, line by line.

    Returns:
        0.95 for stack traces, also inside of XML; 0.9 where nearly all lines have a
        time stamp, or the tool gives its name; 0.7 where most lines are as logs have
        them, 0.5 where enough are, else 0.
    """
    lines = sample.lines
    if not lines or _is_patch(lines) or _is_table(lines):
        return 0.0
    if _is_certain(lines):
        return _CERTAIN
    if len(lines) > _GLANCED and not _may_be_log(lines[:: len(lines) // _GLANCE]):
        return 0.0
    size = len(lines)
    logged = _marked(lines)
    marked = len(logged)
    traces = len(tuple(filter(_TRACE.match, logged)))
    if traces >= max(_LEAST, _ENOUGH_TRACES * size):
        return _TRACES if traces >= _MOSTLY_TRACES * size else _LIKELY
    diagnostics = sum(map(_has_diagnostic, lines))
    logs = (
        marked >= max(_LEAST, _ENOUGH * size)
        or diagnostics >= max(_LEAST, _ENOUGH_DIAGNOSTICS * size)
        or _starts_alike(lines)
    )
    most_foreign = min(max(marked, size // 2), marked + diagnostics + size // 3)
    if not logs or _is_makefile(lines) or _is_foreign(lines, most_foreign):
        return 0.0
    return _LIKELY if marked >= _MOST * size else _PERHAPS


def _is_certain(lines: Sequence[str]) -> bool:
    """Whether nearly all lines have a time stamp, or a tool gives its name."""
    others = min(len(lines) - _LEAST, (1 - _NEARLY_ALL) * len(lines))
    if len(tuple(islice(filterfalse(_is_stamped, lines), int(others) + 1))) <= others:
        # `find -printf` puts the time before the path if asked to.
        return listing_form(lines) is None
    if lines[0].startswith("<") or any(line.startswith(_FENCE) for line in lines):
        return False
    return any(_BANNER.match(line) for line in lines[:_BANNER_LINES])


def _is_stamped(line: str) -> bool:
    return _STAMP.match(line) is not None or _ACCESS.match(line) is not None


def starts_like_log(start: str) -> bool:
    """Tell whether a text that begins with a bracket begins as a log line does."""
    return any(mark.match(start) for mark in (_STAMP, _BUILD, _LEVEL))


def _is_foreign(lines: Sequence[str], most: int) -> bool:
    """Whether more lines than that are of code or of markup."""
    return sum(1 for line in lines if _CODE.match(line) or _MARKUP.match(line)) > most


def _may_be_log(lines: Sequence[str]) -> bool:
    """Whether some lines of many leave it open that most are those of a log."""
    return (
        len(_marked(lines)) > _FAR_TOO_FEW * len(lines)
        or any(map(_has_diagnostic, lines))
        or _starts_alike(lines)
    )


def _marked(lines: Sequence[str]) -> list[str]:
    """Return the lines that are as logs have them."""
    text = "\n".join(lines)
    if _SHOUTED.search(text) or _CLOCK.search(text) or " ... " in text:
        return [*filter(_is_marked, lines)]
    return [line for line in lines if _MARK.match(line.lstrip())]


def _is_marked(line: str) -> bool:
    plain = line.lstrip()
    if _MARK.match(plain):
        return True
    shouts = _SHOUTED.search(line) is not None
    if shouts and _LEVEL_WORD.search(line, 0, _LEVEL_WITHIN):
        return True
    if (shouts or " ... " in plain) and _VERDICT.match(plain):
        return True
    clock = ":" in line and _CLOCK.search(line) is not None
    return clock and _STAMP_INSIDE.search(line, 0, _LEVEL_WITHIN) is not None


def _has_diagnostic(line: str) -> bool:
    named = "error" in line or "warning" in line
    return named and _DIAGNOSTIC.search(line) is not None


def _is_makefile(lines: Sequence[str]) -> bool:
    """Whether commands stand below targets, and variables are set."""
    rules = sum(
        1
        for above, line in pairwise(lines)
        if line.startswith("\t") and _TARGET.match(above)
    )
    return rules >= _LEAST and any(map(_VARIABLE.match, lines))


def _starts_alike(lines: Sequence[str]) -> bool:
    """Whether many lines begin with one tag such as `[worker]` or `Status-12:`."""
    tags: Counter[str] = Counter()
    for line in lines:
        if "[" not in line and ":" not in line:
            continue
        first = line.split(None, 1)[0]
        # A path with a line number before each line is a search result.
        tagged = first.startswith("[") or (first[-1] == ":" and "." not in first)
        if tagged and any(character.isalpha() for character in first):
            tags[_DIGITS.sub("0", first)] += 1
    top = tags.most_common(1)
    return bool(top) and top[0][1] >= max(_LEAST, _ENOUGH_ALIKE * len(lines))


def _is_table(lines: Sequence[str]) -> bool:
    """Whether the lines are rows of one table under a head line."""
    if _is_marked(lines[0]):
        return False
    for delimiter in ",\t;|":
        width = lines[0].count(delimiter)
        if width < _LEAST:
            continue
        same = sum(1 for line in lines if line.count(delimiter) == width)
        if same >= _ENOUGH_COLUMNS * len(lines):
            return True
    return False


def _is_patch(lines: Sequence[str]) -> bool:
    return sum(1 for line in lines if _PATCH.match(line)) >= _PATCH_LINES


_PATCH_LINES = 2
