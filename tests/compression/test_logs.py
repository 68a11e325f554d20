"""What an excerpt of a log may leave out, and what it may not."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.excerpt import NOTHING_ASKED, Excerpt, Interest
from headroom_langchain.compression.logs.compressor import Logs
from headroom_langchain.compression.sample import Sample
from headroom_langchain.structure.log_lines import read_log
from headroom_langchain.tokens import estimate_tokens

ROUTINE = [f"2026-01-01 10:00:{i % 60:02} INFO GET /health {i} 200" for i in range(600)]


def excerpt(lines: list[str], interest: Interest = NOTHING_ASKED) -> Excerpt:
    """Compress lines to the budget that fits them."""
    text = "\n".join(lines)
    reading = Logs().read(text, Sample.of(text))
    assert reading is not None
    budget = Logs().budget(estimate_tokens(text))
    return reading.excerpt(budget=budget, interest=interest)


def with_lines(*extra: str) -> list[str]:
    """Put lines into the middle of a routine log."""
    return [*ROUTINE[:300], *extra, *ROUTINE[300:]]


def test_error_among_many_is_shown() -> None:
    """One error among hundreds of routine lines is shown whole."""
    error = "2026-01-01 10:05:00 ERROR pool.db cannot connect to 10.0.0.7:5432"
    assert error in excerpt(with_lines(error)).text.split("\n")


def test_errors_that_differ_in_a_number_are_both_shown() -> None:
    """Two failures that differ only in a number are never taken for one."""
    errors = [f"ERROR disk {number} failed" for number in (3, 14)]
    shown = excerpt(with_lines(*errors)).text.split("\n")
    assert set(errors) <= set(shown)


def test_repeated_error_is_shown_once_with_its_count() -> None:
    """An error that repeats but for its timestamp is shown once and counted."""
    errors = [f"2026-01-01 11:00:{i:02} ERROR disk sdc broke" for i in range(40)]
    text = excerpt(with_lines(*errors)).text
    assert text.count(" ERROR disk sdc broke\n") == 1
    assert "[this line 40 times in all]" in text


def test_every_line_is_original_or_marked() -> None:
    """Every line of an excerpt is a line of the log or stands in square brackets."""
    lines = with_lines("WARNING slow query", "ERROR lost", "  detail of the error")
    for line in excerpt(lines).text.split("\n"):
        assert line in lines or (line.startswith("[") and line.endswith("]"))


def test_gap_is_counted_with_its_commonest_template() -> None:
    """A gap says how many lines it hides and what most of them look like."""
    text = excerpt(with_lines("ERROR one")).text
    assert "[... 29" in text
    assert "x INFO GET /health <n> <n>" in text


def test_failures_over_budget_are_counted_below_the_first() -> None:
    """Failures that no budget could hold are counted, with what they differ in."""
    lines = [f"ERROR request {i} failed after {i * 7 % 997} ms" for i in range(3000)]
    told = excerpt(lines)
    shown = sum(line.startswith("ERROR") for line in told.text.split("\n"))
    assert f"[{3000 - shown:,} more like it" in told.text
    assert estimate_tokens(told.text) < 2 * Logs().budget(
        estimate_tokens("\n".join(lines))
    )


def test_python_traceback_stays_whole_with_its_cause() -> None:
    """A traceback is shown from its first line to the last of its chained causes."""
    trace = [
        "Traceback (most recent call last):",
        '  File "/app/load.py", line 3, in load',
        "    return json.loads(text)",
        "ValueError: Expecting value",
        "",
        "The above exception was the direct cause of the following exception:",
        "",
        "Traceback (most recent call last):",
        '  File "/app/main.py", line 9, in main',
        "    load(path)",
        "RuntimeError: cannot load",
    ]
    assert "\n".join(trace) in excerpt(with_lines(*trace)).text


def test_repeated_java_traces_fold_with_their_count() -> None:
    """Identical stack traces are shown once, with how often they occur."""
    trace = [
        "java.lang.IllegalStateException: closed",
        "\tat com.example.Pool.take(Pool.java:12)",
        "\tat com.example.Main.main(Main.java:3)",
    ]
    text = excerpt([*ROUTINE, *trace, "INFO x", *trace, *trace, *ROUTINE]).text
    assert text.count("Pool.java:12") == 1
    assert "[this stack trace 3 times in all]" in text


def test_each_host_of_a_flood_is_named() -> None:
    """Of a flood of failures every host that failed is named, shown or not."""
    hosts = [f"cache-{i:02}.dc" for i in range(40)]
    lines = [
        f"2026-01-01 10:00:00 ERROR proxy: {hosts[i * 7 % 40]} gave {502 + i % 2}"
        for i in range(2000)
    ]
    told = excerpt([*ROUTINE, *lines])
    assert all(host in told.text for host in hosts)
    assert "502" in told.text
    assert "503" in told.text


def test_each_place_of_a_warning_is_named() -> None:
    """Of a warning that a compiler gives many times each file is named."""
    files = [f"/src/app/model{i}.c" for i in range(24)]
    warned = [f"{file}:{i + 3}:7: warning: unused 'x'" for i, file in enumerate(files)]
    text = excerpt([f"cc -c {file}" for file in files] * 9 + warned).text
    assert all(file in text for file in files)


def test_many_kinds_of_failure_stay_within_reach_of_the_budget() -> None:
    """A log whose every line is a new kind of failure is not told line by line."""
    words = ["disk", "socket", "lease", "quota", "shard", "token", "cache", "index"]
    lines = [
        f"ERROR {one} {two} {three} failed with {four}"
        for one in words
        for two in words
        for three in words
        for four in words
    ]
    told = excerpt(lines)
    assert estimate_tokens(told.text) < 4 * Logs().budget(
        estimate_tokens("\n".join(lines))
    )


def test_server_errors_of_an_access_log_are_shown() -> None:
    """A request that the server failed is an error, whatever its path."""
    lines = [
        f'10.0.0.{i % 9} - - [01/Jan/2026:10:00:00 +0000] "GET /p{i} HTTP/1.1" 200 {i}'
        for i in range(900)
    ]
    lines[444] = lines[444].replace("200", "503")
    assert lines[444] in excerpt(lines).text


def test_closing_advice_does_not_stand_for_the_result() -> None:
    """What a tool prints after its result gives way to the result."""
    tail = [
        "[INFO] BUILD FAILURE",
        "[ERROR] Failed to execute goal compile: 3 errors",
        "[ERROR] -> [Help 1]",
        "[ERROR]",
        "[ERROR] Re-run Maven using the -X switch to enable full debug logging.",
    ]
    text = excerpt([*(f"[INFO] Compiling part {i}" for i in range(90)), *tail]).text
    assert tail[0] in text
    assert tail[1] in text


def test_last_summary_is_shown() -> None:
    """The line that sums a test run up is shown even when others follow it."""
    tail = ["3 failed, 95 passed in 4.2s", *(f"cleaning {i}" for i in range(30))]
    assert tail[0] in excerpt([*ROUTINE, *tail]).text


def test_passed_test_named_after_an_error_is_no_failure() -> None:
    """A passed test with an alarming name does not crowd out a failed one."""
    passed = [f"tests/test_io.py::test_error_{i} PASSED" for i in range(500)]
    failed = "tests/test_io.py::test_size FAILED"
    lines = [*passed[:250], failed, *passed[250:]]
    told = excerpt(lines)
    assert failed in told.text
    assert told.text.count("PASSED") < 30


def test_numeric_outlier_is_shown() -> None:
    """A number far above all others in its place is shown."""
    lines = [f"import time: {100 + i * 37 % 90} | module{i}" for i in range(500)]
    lines[321] = "import time: 48123 | slow"
    assert lines[321] in excerpt(lines).text


def test_line_of_interest_is_shown() -> None:
    """A routine line with a rare word of the tool call is shown."""
    lines = with_lines("INFO user kowalski logged in")
    lines = [*(f"INFO user u{i}x logged in" for i in range(200)), *lines]
    told = excerpt(lines, Interest(arguments=("kowalski",)))
    assert "INFO user kowalski logged in" in told.text


def test_omitted_counts_lines() -> None:
    """The excerpt says how many lines of how many it leaves out."""
    told = excerpt(ROUTINE)
    shown = [line for line in told.text.split("\n") if line in set(ROUTINE)]
    assert told.omitted == f"{600 - len(shown)} of 600 lines"


def test_coloured_lines_are_shown_as_they_are() -> None:
    """Colours do not hide an error, and stay part of its line."""
    line = "\x1b[31mERR\x1b[1mOR red\x1b[0m"
    assert line in excerpt(with_lines(line)).text.split("\n")


def test_of_a_line_that_was_drawn_over_the_end_is_shown() -> None:
    """A progress bar is its last state, and a mark stands for those before."""
    bar = "".join(f"\r{n} % done" for n in range(90)) + "\rERROR disk full\x1b[K\r"
    assert "…ERROR disk full\x1b[K" in excerpt(with_lines(bar)).text.split("\n")


@given(st.lists(st.tuples(st.sampled_from(["a", "bb" * 40, "\r"]), st.integers(1, 9))))
@settings(deadline=None, max_examples=60)
def test_lossless_folding_can_be_undone(runs: list[tuple[str, int]]) -> None:
    """From a folded log every line can be written out again."""
    text = "\n".join(line for line, count in runs for _ in range(count)) + "\nend"
    reading = Logs().read(text, Sample.of(text))
    assert reading is not None
    folded = reading.lossless()
    if folded is None:
        return
    lines: list[str] = []
    for line in folded.split("\n"):
        if line.startswith("[the line above, "):
            lines += [lines[-1]] * (int(line.split()[3]) - 1)
        else:
            lines.append(line)
    assert "\n".join(lines) == text
    assert len(folded) < len(text)


@given(st.text(alphabet=st.characters(codec=None), max_size=400), st.integers(1, 500))
@settings(deadline=None, max_examples=150)
def test_any_text_can_be_read_twice_with_one_result(text: str, budget: int) -> None:
    """Any text, lone surrogates and all, gives one excerpt and no error."""
    reading = Logs().read(text, Sample.of(text))
    if reading is None:
        assert not text.strip()
        return
    first = reading.excerpt(budget=budget, interest=NOTHING_ASKED)
    assert first == reading.excerpt(budget=budget, interest=NOTHING_ASKED)
    assert not first.text.endswith("\n")


def test_the_rare_kind_of_event_is_shown() -> None:
    """Where a log has few kinds of lines, those of the rare kind are shown."""
    installed = [
        f"2026-09-22 04:45:{i % 60:02} install lib{i}:amd64 <none> 1.{i}-1"
        for i in range(400)
    ]
    upgraded = [
        f"2026-09-22 05:00:0{i} upgrade tool{i}:amd64 2.{i}-1 2.{i}-3" for i in range(9)
    ]
    text = excerpt([*installed[:200], *upgraded, *installed[200:]]).text
    assert all(line in text for line in upgraded)


def test_the_first_line_of_each_day_is_shown() -> None:
    """Of a log that spans some days, the line with which each begins is shown."""
    days = [line.replace("-01-01", "-01-02") for line in ROUTINE]
    assert days[0] in excerpt([*ROUTINE, *days]).text.split("\n")


def test_what_failed_again_is_named() -> None:
    """Short failures that are like one that is shown are named in whole."""
    failed = [f"batch {number} failed" for number in (5, 8, 11, 12, 14, 23)]
    text = excerpt(with_lines(*failed)).text
    assert all(line in text for line in failed)


def test_thousands_of_failures_are_counted() -> None:
    """However many failures there are, those that are not shown are all counted."""
    errors = [f"ERROR node{number} of rack {number % 7} lost" for number in range(6000)]
    lines = excerpt(errors).text.split("\n")
    hidden = 6000 - len(set(errors) & set(lines))
    assert any(line.startswith(f"[{hidden:,} more like it") for line in lines)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(alphabet="ab1 :[]\x1b\r\t0", max_size=12), max_size=12))
def test_lines_are_cut_as_they_are_shown(lines: list[str]) -> None:
    """A log has the lines of its text, and keeps what follows their stamps."""
    text = "\n".join(lines)
    log = read_log(text)
    assert len(log.lines) == len(text.removesuffix("\n").split("\n"))
    for at in range(len(log.lines)):
        line = log.lines[at]
        assert line.text == log.lines.stamp(at) + line.key
