"""What an excerpt shows of a run of tests, by the tool that ran them."""

from __future__ import annotations

import pytest

from headroom_langchain.compression.excerpt import NOTHING_ASKED
from headroom_langchain.compression.logs.compressor import Logs
from headroom_langchain.compression.registry import read
from headroom_langchain.compression.sample import Sample
from headroom_langchain.tokens import estimate_tokens

MANY = range(240)
RUNS = {
    "pytest": (
        ["=================== test session starts ==================="]
        + [f"tests/test_a.py::test_error_{i} PASSED [ 40%]" for i in MANY]
        + [
            "________________ test_total ________________",
            ">       assert total([10, 2]) == 12",
            "E       assert 11 == 12",
            "tests/test_a.py:8: AssertionError",
            "FAILED tests/test_a.py::test_total - assert 11 == 12",
            "======= 1 failed, 240 passed in 2.10s =======",
        ],
        ["E       assert 11 == 12", "test_a.py:8", "1 failed, 240 passed"],
    ),
    "unittest": (
        [f"test_{i} (t.T.test_{i}) ... ok" for i in MANY]
        + [
            "test_sum (t.T.test_sum) ... FAIL",
            "======================================================",
            "FAIL: test_sum (t.T.test_sum)",
            "------------------------------------------------------",
            "Traceback (most recent call last):",
            '  File "/app/t.py", line 8, in test_sum',
            "    self.assertEqual(3, 4)",
            "AssertionError: 3 != 4",
            "",
            "Ran 241 tests in 0.1s",
            "",
            "FAILED (failures=1)",
        ],
        ["AssertionError: 3 != 4", "/app/t.py", "Ran 241 tests", "FAILED (failures=1)"],
    ),
    "go": (
        [line for i in MANY for line in (f"=== RUN   T{i}", f"--- PASS: T{i} (0.00s)")]
        + [
            "=== RUN   TestMerge",
            "    merge_test.go:18: got [a b], want [a]",
            "--- FAIL: TestMerge (0.01s)",
            "FAIL",
            "FAIL\tacme.io/store\t2.417s",
        ],
        ["merge_test.go:18: got [a b], want [a]", "--- FAIL: TestMerge", "2.417s"],
    ),
    "cargo": (
        ["running 241 tests"]
        + [f"test tests::error_path_{i} ... ok" for i in MANY]
        + [
            "test tests::limit ... FAILED",
            "---- tests::limit stdout ----",
            "thread 'tests::limit' panicked at src/lib.rs:84:35:",
            "assertion `left == right` failed: limit",
            "  left: 24",
            " right: 25",
            "test result: FAILED. 240 passed; 1 failed; finished in 0.04s",
        ],
        ["src/lib.rs:84:35", "left: 24", "right: 25", "240 passed; 1 failed"],
    ),
    "jest": (
        [f" PASS  src/m{i}.test.ts" for i in MANY]
        + [
            " FAIL  src/price.test.ts",
            "  ● Cart > applies coupon twice",
            "",
            "    Expected: 90",
            "    Received: 81",
            "",
            "    > 14 |   expect(c.total()).toBe(90);",
            "",
            "      at Object.<anonymous> (src/price.test.ts:14:21)",
            "",
            "Tests:       1 failed, 240 passed, 241 total",
        ],
        [
            "Cart > applies coupon twice",
            "Expected: 90",
            "Received: 81",
            "1 failed, 240",
        ],
    ),
    "TAP": (
        ["TAP version 13"]
        + [
            line
            for i in MANY
            for line in (f"ok {i} - case {i}", "  ---", "  duration_ms: 0.1", "  ...")
        ]
        + ["not ok 241 - rounds half up", "  ---", "  expected: 9", "  actual: 8"]
        + ["  ...", "# fail 1"],
        ["not ok 241 - rounds half up", "expected: 9", "actual: 8", "# fail 1"],
    ),
    "ctest": (
        ["Test project /b"]
        + [f"{i}/241 Test #{i}: case.{i} .....   Passed    0.00 sec" for i in MANY]
        + [
            "241/241 Test #241: store.flush ......***Failed    0.00 sec",
            "ASSERT fsync returned EIO on segment 17",
            "99% tests passed, 1 tests failed out of 241",
        ],
        [
            "store.flush",
            "fsync returned EIO on segment 17",
            "1 tests failed out of 241",
        ],
    ),
    "rspec": (
        ["." * 200, "", "Failures:", ""]
        + [
            line
            for i in range(30)
            for line in (
                f"  {i}) Ledger shard {i} balances",
                "     Failure/Error: expect(ledger.balance).to eq(0)",
                "",
                "       expected: 0",
                f"            got: {i * 13 + 5}",
                "",
            )
        ]
        + ["215 examples, 30 failures"],
        ["Ledger shard 0 balances", "got: 5", "215 examples, 30 failures"],
    ),
    "dotnet": (
        ["Test run for /src/T.dll", "Starting test execution, please wait..."]
        + [f"  Passed Acme.Core.Handles_Error_{i} [{i % 9} ms]" for i in MANY]
        + [
            "  Failed Acme.Orders.Total [12 ms]",
            "  Error Message:",
            "   System.InvalidOperationException : Order 9 has no lines",
            "  Stack Trace:",
            "     at Acme.Orders.Total(Order o) in /src/Orders.cs:line 57",
            "Failed!  - Failed:     1, Passed:   240, Total:   241",
        ],
        ["Failed Acme.Orders.Total", "Order 9 has no lines", "Orders.cs:line 57"],
    ),
}


@pytest.mark.parametrize("runner", RUNS)
def test_failed_tests_are_shown_with_what_was_found(runner: str) -> None:
    """The failed test, what it expected and found, and the totals are shown."""
    lines, facts = RUNS[runner]
    text = "\n".join(lines)
    budget = Logs().budget(estimate_tokens(text))
    reading = Logs().read(text, Sample.of(text))
    assert reading is not None
    told = reading.excerpt(budget=budget, interest=NOTHING_ASKED).text
    assert [fact for fact in facts if fact not in told] == []
    assert estimate_tokens(told) < 0.5 * estimate_tokens(text)


@pytest.mark.parametrize("runner", RUNS)
def test_the_output_of_each_runner_is_taken_for_a_log(runner: str) -> None:
    """A run of tests is read as a log, whatever the tool."""
    text = "\n".join(RUNS[runner][0])
    found = read(text, Sample.of(text))
    assert found is not None
    assert found[0].kind == "logs"


def test_each_failed_test_of_a_flood_is_named() -> None:
    """When hundreds of tests fail each of them is named."""
    hosts = [f"tests/test_m.py::test_reach[node-{i:03}]" for i in range(40)]
    lines = [f"FAILED {host} - TimeoutError: no answer" for host in hosts]
    passed = [f"tests/test_m.py::test_ok_{i} PASSED" for i in range(400)]
    text = "\n".join([*passed, *lines, "40 failed, 400 passed in 9s"])
    reading = Logs().read(text, Sample.of(text))
    assert reading is not None
    budget = Logs().budget(estimate_tokens(text))
    told = reading.excerpt(budget=budget, interest=NOTHING_ASKED).text
    assert [host for host in hosts if host not in told] == []
