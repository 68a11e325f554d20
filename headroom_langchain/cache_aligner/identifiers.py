"""Identifiers in a text: UUIDs, tokens, hashes, and ids of requests or sessions.

Random values are told by their shape alone. Hashes of fixed contents look the same,
but what pins a version or a file says so, and stays.

Each kind is looked for from a character or word that is rare in prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom_langchain.cache_aligner.context import Surroundings, holds, occurrences
from headroom_langchain.cache_aligner.found import Found

_UUID_MIDDLE = re.compile(r"-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-")
_HEX_8 = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}\Z")
_HEX_12 = re.compile(r"[0-9A-Fa-f]{12}(?![0-9A-Za-z])")
_KNOWN = re.compile(
    r"(?i)6ba7b81[0-4]-9dad-11d1-80b4-00c04fd430c8"
    r"|550e8400-e29b-41d4-a716-446655440000|123e4567-e89b-12d3-a456-426614174000"
    r"|[0-9a-f]{8}-0000-1000-8000-00805f9b34fb|f81d4fae-7dec-11d0-a765-00a0c91e6bf6|00010203-0405-0607-0809-0a0b0c0d0e0f"
    r"|12345678-1234-.*|01234567-89ab-.*|1234abcd-.*"
)
_NAMESPACE = re.compile(r"(?i)\bnamespaces?\b|\bGUID-\Z|\bCLSID|\bCSIDL_|\bHKEY_")
_FEWEST_DIGITS = 6
"""A value of no more different characters is a placeholder."""

_JWT = re.compile(
    r"eyJ(?<![\w-]eyJ)[\w-]{6,}+\."
    r"(?:[\w-]++\.[\w-]*+(?:\.[\w-]++\.[\w-]++)?|\.[\w-]++\.[\w-]++\.[\w-]++)",
    re.ASCII,
)

_LONG_HEX = re.compile(r"[0-9][0-9A-Fa-f]{15,}+(?![0-9A-Za-z])")
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_GIT_SIZE = 40
_LONGEST_HASH = 128
_HASH_SIZES = frozenset({32, _GIT_SIZE, 56, 64, 96, _LONGEST_HASH})
_PIN = re.compile(
    r"(?i)(?:sha-?\d+|md5|blake\w*)\s?[:=-]\s?\Z|@\Z|--hash=|check_?sum|integrity"
    r"|\bsha[\d-]+\sfor\s[^:=]{1,40}[:=]\s\Z|\b(?:md5|sha\d+)\([^)]{0,40}\)\s?=\s?\Z|\b(?:rev:|checkout|git)\s\Z"
)
_QUERY = re.compile(r"(?i)[?&][\w-]*(?:token|session|sig|key|state|nonce)\w*=\Z")
_TOLD_AFTER = re.compile(r"\s(?:in|from|by|that|which|introduc|fix|broke)")
_TOLD = re.compile(
    r"(?i)\b(?:in|by|for|addition to|since|from|of|see|after|before|with|was|is|this"
    r"|upstream|per|revert\w*|fix\w*|\w{1,20}ly)"
    r"\s(?:git\s)?(?:commit\s)?\Z"
)
_RUNNING = re.compile(r"(?i)\b(?:deploy|built|build|runs?\b|running)")
_COMMIT_WORDS = ("commit", "head", "sha", "revision", "build", "merge:", "@")
_SHORT_HASH = re.compile(
    r"""(?x)
    (?:\s(?:id|hash))? (?:\sis(?:\snow)?\sat\s)?
    ["'`*)>\]]{0,3}\s{0,2}(?:[:=-]|is)?\s{0,2}["'`*<(\[]{0,3}
    (?P<value>(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,16}(?:(?:\.{3})?\s[0-9a-f]{7,16})?)(?![\w-])"""
)
_COMMITS = re.compile(r"(?:commits|git log[^\n:]{0,16}):?\s")
_IN_COMMITS = ("commits", "git log")
_LISTED = re.compile(r"[\s*-]{0,4}(?P<value>(?=[a-f]*\d)[0-9a-f]{7,16})\s[^\n]*\n?")

_TRACE = re.compile(r"-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?![\w-])")
_XRAY = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}(?![\w-])")
_ULID = re.compile(r"0[0-9A-HJKMNP-TV-Z]{25}(?![0-9A-Za-z])")
_SUFFIX = re.compile(
    r"[_-](?=[0-9A-Za-z]{8})(?:(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[0-9A-Za-z]{10,}+"
    r"|(?=[A-Za-z]*\d+[A-Za-z]+\d)[0-9A-Za-z]{8,9}+(?![-\w]))"
)
_RANDOM = re.compile(r"(?=\w{13})[_-](?:[A-Za-z]*+\d++){4}")
"""Letters and digits take turns."""
_PREFIX = re.compile(
    r"(?<![0-9A-Za-z])(?:req|msg|toolu|srvtoolu|chatcmpl|cmpl|thread|run|call|resp|conv"
    r"|sess|session|usr|user|cus|trace|span|asst|step|batch|evt|event|sbx|sandbox|fc|rs|job|task|file"
    r"|msgbatch)[_-]?\Z"
)
_ANY_PREFIX = re.compile(r"(?<![0-9A-Za-z_=-])[a-z]{2,10}\Z")
_ID = re.compile(r"[iI][dD]\b(?:(?<=[A-Za-z][\s_.-]..)|(?<=[a-z]..))")
_NAMED = (
    *("request", "req", "session", "trace", "span", "run", "thread", "conversation"),
    *("correlation", "invocation", "message", "job", "task", "transaction", "call"),
    *("execution", "operation", "event", "instance", "sandbox", "checkpoint", "user"),
    *("cust", "customer", "tenant", "visitor", "chat", "ticket", "order", "workflow"),
    *("batch", "connection", "member", "workspace", "organization", "organisation"),
    *("org", "document", "interaction", "turn", "deployment", "container"),
)
"""Whose ids are made up at run time."""
_LABELS = ("ksuid", "ulid", "nanoid")
_NEEDING_COLON = (
    "nonce",
    "token",
    "cf-ray",
    "session",
    "conversation",
    "thread",
    "trace",
)
_VALUE = re.compile(
    r"""["'`*)>\]]{0,3}\s{0,2}(?:\s(?:of|for)\s(?:this|the)\s\w{1,12})?(?P<colon>[:=])?(?:\sis)?\s{0,2}["'`*<\[]{0,3}"""
    r"""(?P<value>[0-9A-Za-z][\w.:@+/|-]{2,127}+)(?!\()"""
)
_MADE_UP = re.compile(
    r"(?=\w{8,24}\b)(?:[a-f]*\d[0-9a-f]*[a-f][0-9a-f]*\b|(?:[A-Za-z]*\d++){3}[A-Za-z])"
)
_OWN_TOKEN = re.compile(
    r"(?i)(?:csrf|xsrf|session|state|auth|access|one-time)[\s_-]token\Z"
)
_DIGITS = re.compile(r"\d\D*\d")
_FIXED = re.compile(
    r"\Av?\d{1,6}(?:\.\d+)+\Z|\A\d{4}-\d\d(?:-\d\d)?\Z|\A0x|EXAMPLE|(?:\A|[_-]|[A-Za-z])(?:1234?5?6?7?8?9?|456|789)\Z"
)
_ENDING = ".:/|-"
_SHORTEST, _SHORTEST_FIELD = 5, 4
"""How long an id is at least, and when a colon stands before it."""


def identifiers(text: str, lower: str) -> Iterator[Found]:
    """Find the identifiers that were made for one call, session or state.

    Args:
        text: Any text.
        lower: The same, `lowered`.

    Yields:
        UUIDs (`uuid`), web tokens (`jwt`), other ids (`id`), and hashes (`hash`).
    """
    yield from _uuids(text)
    for token in _JWT.finditer(text):
        yield Found("jwt", *token.span())
    yield from _shaped(text)
    yield from _labelled(text, lower)
    yield from _long_hashes(text)
    yield from _commits(text, lower)


def _uuids(text: str) -> Iterator[Found]:
    for middle in _UUID_MIDDLE.finditer(text):
        start, end = middle.start() - 8, middle.end() + 12
        head = text[max(0, start - 1) : middle.start()]
        if not _HEX_8.search(head) or not _HEX_12.match(text, middle.end()):
            continue
        value = text[start:end]
        if len(set(value.lower())) <= _FEWEST_DIGITS or _KNOWN.fullmatch(value):
            continue
        around = Surroundings.of(text, start, end)
        mail = around.link is not None and around.after.startswith("@")
        named = around.before.endswith("`#")
        if not (mail or named or around.fixed) and not _NAMESPACE.search(around.before):
            yield Found("uuid", start, end)


def _shaped(text: str) -> Iterator[Found]:
    """Find the ids whose shape says what they are."""
    spans = [(m.start() - 2, m.end()) for m in _TRACE.finditer(text)]
    for shape in (_XRAY, _ULID):
        spans += [m.span() for m in shape.finditer(text)]
    for suffix in _SUFFIX.finditer(text):
        before = text[max(0, suffix.start() - 12) : suffix.start()]
        random = _RANDOM.match(suffix[0])
        prefix = (_ANY_PREFIX if random else _PREFIX).search(before)
        if prefix is not None and not text[suffix.end() : suffix.end() + 1].isalnum():
            spans.append((suffix.start() - len(prefix[0]), suffix.end()))
    for start, end in spans:
        apart = start == 0 or not text[start - 1].isalnum()
        if apart and not Surroundings.of(text, start, end).example:
            yield Found("id", start, end)


def _labelled(text: str, lower: str) -> Iterator[Found]:
    """Find the ids that a label names."""
    ends = [
        at.end()
        for at in _ID.finditer(text)
        if lower[max(0, at.start() - 16) : at.start()].rstrip(" _.-").endswith(_NAMED)
    ]
    ends += occurrences(lower, *_LABELS)
    for end in ends:
        yield from _value(text, end, colon=False)
    for end in occurrences(lower, *_NEEDING_COLON):
        label = lower[max(0, end - 16) : end]
        if not label.endswith("token") or _OWN_TOKEN.search(label):
            yield from _value(text, end, colon=True)


def _value(text: str, at: int, *, colon: bool) -> Iterator[Found]:
    match = _VALUE.match(text, at)
    if match is None:
        return
    if colon and not (match["colon"] or _MADE_UP.match(match["value"])):
        return
    start, end = match.span("value")
    value = match["value"].rstrip(_ENDING)
    if start == at or not _DIGITS.search(value) or _FIXED.search(value):
        return
    if len(value) < (_SHORTEST_FIELD if match["colon"] else _SHORTEST):
        return
    if not Surroundings.of(text, start, end).example:
        yield Found("id", start, start + len(value))


def _long_hashes(text: str) -> Iterator[Found]:
    for match in _LONG_HEX.finditer(text):
        start, end = match.span()
        while start and text[start - 1] in _HEX_DIGITS and end - start <= _LONGEST_HASH:
            start -= 1
        value = text[start:end]
        if end - start not in _HASH_SIZES or text[max(0, start - 1) : start].isalnum():
            continue
        if value.isdecimal() or not (value.islower() or value.isupper()):
            continue
        if len(set(value)) <= _FEWEST_DIGITS:
            continue
        around = Surroundings.of(text, start, end)
        told = (
            len(value) == _GIT_SIZE
            and around.before.endswith(("commit ", "since "))
            and _TOLD.search(around.before)
        )
        pinned = _PIN.search(around.before)
        linked = around.link is not None and not _QUERY.search(around.before)
        if not (told or pinned or linked or around.file or around.fixed):
            yield Found("hash", start, end)


def _commits(text: str, lower: str) -> Iterator[Found]:
    """Find the short hashes that a label names, or a list of commits."""
    for at in occurrences(lower, *_COMMIT_WORDS):
        match = _SHORT_HASH.match(text, at)
        if match is None or match.start("value") == at:
            continue
        before = Surroundings.of(text, at, at).before
        word = before.lower()
        told = bool(_TOLD_AFTER.match(text, match.end()))
        if word.endswith("commit"):
            said = before[: -len("commit")]
            told = told or bool(_TOLD.search(said) and not _RUNNING.search(said))
        if not told and not Surroundings.of(text, at, at).example:
            yield from _each(match)
    if holds(lower, _IN_COMMITS):
        yield from _listed(text, lower)


def _listed(text: str, lower: str) -> Iterator[Found]:
    done = 0
    for heading in _COMMITS.finditer(lower):
        line = _LISTED.match(text, heading.end()) if heading.end() > done else None
        while line is not None:
            done = line.end()
            yield Found("hash", *line.span("value"))
            line = _LISTED.match(text, line.end())


def _each(match: re.Match[str]) -> Iterator[Found]:
    start = match.start("value")
    for value in re.finditer(r"[0-9a-f]{7,16}", match["value"]):
        yield Found("hash", start + value.start(), start + value.end())
