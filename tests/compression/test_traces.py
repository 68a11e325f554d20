"""What an excerpt shows of stack traces, in the languages that print them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.excerpt import NOTHING_ASKED
from headroom_langchain.compression.logs.compressor import Logs
from headroom_langchain.compression.logs.variants import told_apart
from headroom_langchain.compression.sample import Sample
from headroom_langchain.structure.log_lines import read_log
from headroom_langchain.tokens import estimate_tokens

SPRING = [f"\tat org.springframework.web.F{i}.call(F{i}.java:{i})" for i in range(40)]
JAVA = [
    "com.acme.OrderException: cannot place order 7",
    "\tat com.acme.Orders.place(Orders.java:41)",
    *SPRING,
    "\tat com.acme.Api.post(Api.java:9)",
    "Caused by: java.sql.SQLException: deadlock found",
    *SPRING[:20],
    "\tat com.acme.Db.run(Db.java:77)",
    "\t... 23 more",
    "\tSuppressed: java.io.IOException: close failed",
    "\t\tat com.acme.Pool.close(Pool.java:5)",
]
PYTHON = [
    "Traceback (most recent call last):",
    *(
        line
        for i in range(30)
        for line in (
            f'  File "/v/site-packages/lib/m{i}.py", line {i}, in f',
            "    go()",
        )
    ),
    '  File "/app/jobs.py", line 12, in run',
    "    load(path)",
    "KeyError: 'price'",
]
NODE = [
    "RepoError: cannot load row 9",
    "    at load (/srv/app/repo.js:3:48)",
    *(f"    at step{i} (node:internal/x:{i}:1)" for i in range(20)),
    "  code: 'E_REPO',",
    "  [cause]: SyntaxError: Unexpected end of JSON input",
    "      at parse (/srv/app/row.js:2:28)",
    "      at run (node:vm:12:3)",
    "}",
]
DOTNET = [
    "System.AggregateException: One or more errors occurred.",
    " ---> Acme.ShardException: Cannot reach shard 2",
    *(f"   at System.Net.Http.Step{i}(Request r)" for i in range(20)),
    "   --- End of inner exception stack trace ---",
    "   at Acme.Data.Client.Get(Int32 id) in /src/Client.cs:line 77",
]
RUBY = [
    "/srv/app/order.rb:41:in `total': undefined method `amount' (NoMethodError)",
    *(f"\tfrom /usr/lib/gems/ar-7.1/lib/r{i}.rb:{i}:in `exec'" for i in range(30)),
    "\tfrom /srv/app/checkout.rb:19:in `call'",
]
GO = [
    "panic: assignment to entry in nil map",
    "",
    "goroutine 1 [running]:",
    "main.store(0xc0001)",
    "\t/src/store.go:88 +0x1a5",
]
RUST = [
    "thread 'main' panicked at src/main.rs:6:60:",
    "called `Result::unwrap()` on an `Err` value: Io(NotFound)",
    "stack backtrace:",
    *(
        line
        for i in range(8)
        for line in (
            f"   {i}: core::panicking::f{i}",
            "             at /rustc/5/c.rs:1:2",
        )
    ),
    "   8: ledger::deep",
    "             at ./src/main.rs:6:60",
]
TRACES = {
    "java": (JAVA, ["Orders.java:41", "deadlock found", "Db.java:77", "close failed"]),
    "python": (PYTHON, ["/app/jobs.py", "KeyError: 'price'"]),
    "node": (NODE, ["repo.js:3:48", "E_REPO", "Unexpected end of JSON", "row.js:2"]),
    "dotnet": (DOTNET, ["Cannot reach shard 2", "Client.cs:line 77"]),
    "ruby": (RUBY, ["undefined method `amount'", "checkout.rb:19"]),
    "go": (GO, ["entry in nil map", "store.go:88"]),
    "rust": (RUST, ["Io(NotFound)", "ledger::deep", "src/main.rs:6:60"]),
}
NOISE = [f"2026-01-01 10:00:{i % 60:02} INFO served {i}" for i in range(500)]


def shown(lines: list[str]) -> str:
    """Compress lines to the budget that fits them."""
    text = "\n".join(lines)
    reading = Logs().read(text, Sample.of(text))
    assert reading is not None
    budget = Logs().budget(estimate_tokens(text))
    return reading.excerpt(budget=budget, interest=NOTHING_ASKED).text


@pytest.mark.parametrize("language", TRACES)
def test_causes_and_own_frames_are_shown_before_library_frames(language: str) -> None:
    """Messages, causes and frames of the own code stay, runs of library frames go."""
    lines, facts = TRACES[language]
    text = shown([*NOISE, *lines, *NOISE])
    assert [fact for fact in facts if fact not in text] == []
    assert len(text) < len("\n".join([*NOISE, *lines]))


@pytest.mark.parametrize("language", TRACES)
def test_a_trace_is_read_as_one(language: str) -> None:
    """A trace in the middle of a log is found whole, its causes with it."""
    lines, _ = TRACES[language]
    stacks = read_log("\n".join([*NOISE[:9], *lines, *NOISE[:9]])).stacks
    assert stacks
    assert stacks[0].start <= 10
    assert len(stacks) == 1
    assert stacks[0].stop >= 9 + len(lines) - 1


def test_library_frames_are_counted_where_they_are_left_out() -> None:
    """The gap in a trace says how many lines of frames it hides."""
    assert "lines of frames]" in shown([*NOISE, *JAVA, *NOISE])


def test_recursion_is_shown_once() -> None:
    """Calls that repeat are folded into the first of them."""
    calls = [f"    at walk (/srv/app/tree.js:{i % 2}:9)" for i in range(200)]
    text = shown([*NOISE, "RangeError: Maximum call stack size exceeded", *calls])
    assert text.count("tree.js") <= 3


def test_traces_that_differ_in_their_message_are_both_named() -> None:
    """Two traces with the same frames and other messages are never taken for one."""
    traces = [
        [f"java.io.IOException: host db-{name} is gone", *JAVA[1:]]
        for name in range(20)
    ]
    text = shown([line for trace in traces for line in [*trace, ""]])
    assert [name for name in range(20) if f"db-{name}" not in text] == []


def test_exception_groups_show_each_message() -> None:
    """Each exception of a group is named, also when all have the same frames."""
    parts = [
        line
        for i in range(9)
        for line in (
            f"    +---------------- {i} ----------------",
            "    | Traceback (most recent call last):",
            '    |   File "/app/job.py", line 4, in parse',
            "    |     read(path)",
            f"    | ConfigError: file svc-{i}.json",
        )
    ]
    head = ["  + Exception Group Traceback (most recent call last):"]
    head += ['  |   File "/app/main.py", line 2, in main', "  |     go()"]
    head += ["  | ExceptionGroup: unhandled errors (9 sub-exceptions)"]
    text = shown([*head, *parts, "    +---------------------------------", *NOISE])
    assert [i for i in range(9) if f"svc-{i}.json" not in text] == []
    assert "9 sub-exceptions" in text


def test_threads_with_one_stack_are_told_together() -> None:
    """Of a thread dump each stack is shown once, with the threads that have it."""
    dump: list[str] = []
    for i in range(60):
        dump += [
            f'"worker-{i}" #{i + 9} daemon prio=5 tid=0x{i:08x} waiting',
            "   java.lang.Thread.State: WAITING (parking)",
            "\tat jdk.internal.misc.Unsafe.park(Native Method)",
            f"\t- parking to wait for <0x{i:08x}>",
            "\tat com.acme.Queue.take(Queue.java:31)",
            "",
        ]
    dump[120:120] = [
        '"payer" #99 prio=5 tid=0x99 waiting for monitor entry',
        "   java.lang.Thread.State: BLOCKED (on object monitor)",
        "\tat com.acme.Ledger.pay(Ledger.java:8)",
        "\t- waiting to lock <0x1> (a java.lang.Object)",
        "",
    ]
    text = shown(dump)
    assert text.count("Queue.java:31") <= 2
    assert "60 threads with this stack: worker-1, " in text
    assert "Ledger.java:8" in text


def test_every_line_of_a_trace_is_original_or_marked() -> None:
    """Nothing is shown of a trace but its lines and marks in square brackets."""
    lines = [*NOISE, *JAVA, *PYTHON, *NODE, *RUST]
    for line in shown(lines).split("\n"):
        assert line in lines or (line.startswith("[") and line.endswith("]"))


def test_words_that_differ_are_told_with_their_counts() -> None:
    """What differs is told by word; long runs of numbers by their range."""
    others = [f"disk d{i % 2} failed at {i}" for i in range(2, 900)]
    told = told_apart("disk d0 failed at 1", others, room=400)
    assert told == "d0 x449, d1 x449; 2 to 899"


@given(
    st.lists(
        st.sampled_from(
            [
                *JAVA[:3],
                *JAVA[-4:],
                *PYTHON[:3],
                *PYTHON[-3:],
                *NODE[-4:],
                *DOTNET[:3],
                *GO,
                *RUST[:5],
                *NOISE[:3],
                "",
                "E   assert 1 == 2",
                "  + Exception Group Traceback (most recent call last):",
                '"t-1" #9 prio=5',
                "\t- waiting to lock <0x1>",
                "  expected: 1",
                "[ERROR] bad",
                "Traceback",
                "goroutine 9 [select]:",
                "==1==    at 0x10: f (a.c:1)",
                "warning: odd",
                '"GET / HTTP/1.1" 500 9',
            ]
        ),
        max_size=60,
    ),
    st.integers(1, 400),
)
@settings(deadline=None, max_examples=250)
def test_any_mixture_of_traces_is_shown_honestly(lines: list[str], budget: int) -> None:
    """Of any mixture of lines each line shown is one of them or a mark."""
    text = "\n".join(lines)
    reading = Logs().read(text, Sample.of(text))
    if reading is None:
        return
    told = reading.excerpt(budget=budget, interest=NOTHING_ASKED)
    for line in told.text.split("\n"):
        assert line in lines or (line.startswith("[") and line.endswith("]"))


@given(
    st.text(max_size=60),
    st.lists(st.text(max_size=60), min_size=1, max_size=30),
    st.integers(0, 500),
)
@settings(deadline=None, max_examples=150)
def test_any_texts_can_be_told_apart(model: str, others: list[str], room: int) -> None:
    """Any texts can be told apart in about the room there is, with the same result."""
    told = told_apart(model, others, room=room)
    assert told == told_apart(model, others, room=room)
    assert len(told) <= 2 * room + 1000
