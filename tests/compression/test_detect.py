"""Which kind a text is taken for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.registry import read, registered
from headroom_langchain.compression.sample import Sample

LOGS = {
    "application": "2026-01-01 10:00:00,123 INFO app started\n" * 5,
    "level first": "INFO:     Started server process [1]\n" * 5,
    "syslog": "Jan  3 10:00:00 host sshd[12]: session opened\n" * 5,
    "access": '::1 - - [01/Jan/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1\n' * 5,
    "pytest": "test_a.py::test_one PASSED [ 50%]\ntest_a.py::test_b FAILED\n",
    "go test": "=== RUN   TestA\n--- FAIL: TestA (0.00s)\n    a_test.go:3: x\n",
    "cargo": "   Compiling serde v1.0.1\n   Compiling libc v0.2.3\n",
    "jest": "PASS src/a.test.js\nFAIL src/b.test.js\nTests:       1 failed, 2 total\n",
    "make": "make[1]: Entering '/x'\ngcc -c a.c\na.c:2:3: warning: unused x\n",
    "maven": "[INFO] Scanning for projects...\n[INFO]\n[ERROR] bad\n",
    "npm": "npm ERR! code E404\nnpm ERR! 404 Not Found\n",
    "python": 'Traceback (most recent call last):\n File "a.py", line 1\nKeyError: x\n',
    "ctest": "Test project /b\n      Start  1: a\n 1/2 Test  #1: a ... Passed\n",
    "TAP": "TAP version 13\n# Subtest: a\nok 1 - a\n  ---\n  duration_ms: 1\n  ...\n",
    "terraform": "Terraform used the selected providers\n\n  + resource {\n    }\n",
    "valgrind": "==12== Memcheck, a memory error detector\n==12== Command: ./m\n",
    "ansible": "PLAY [web] ****\n\nTASK [Gathering Facts] ****\nok: [web1]\n",
    "thread dump": 'Full thread dump OpenJDK:\n\n"main" #1 prio=5\n   State: X\n',
    "exception group": "  + Exception Group Traceback (most recent call last):\n",
    "trace in XML": "<e>\n<![CDATA[a: c\n"
    + "\tat a.b.C.d(C.java:1)\n" * 9
    + "]]></e>\n",
    "gc": "[0.012s][info][gc] GC(0) Pause Young 24M->3M(256M) 2.1ms\n" * 5,
    "epochs": "epoch 1 loss 0.5 acc 0.9\nepoch 2 loss 0.4 acc 0.91\n",
    "java": "java.io.IOException: x\n\tat a.B.c(B.java:1)\n\tat a.B.d(B.java:2)\n",
}
TEXTS = {
    "python": "import os\n\ndef main():\n    raise ValueError('error: x')\n" * 5,
    "markdown": "# Title\n\nSome text about errors.\n\n- an item\n- another\n" * 5,
    "patch": "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-ERROR\n+INFO\n" * 3,
    "html": "<html>\n<body>\n<p>Error: none</p>\n</body>\n</html>\n",
    "csv": "time,a,b\n" + "2026-01-01 10:00:00,1,2\n" * 9,
}
JSON = {
    "array": ('[{"a": 1}, {"a": 2}, {"a": 3}]', "json_records"),
    "object": ('\ufeff {"a": [1]}', "json"),
    "lines": ('{"a": 1}\n{"a": 2}\n{"a": 3}\n', "json_records"),
}
MAKEFILE = """CC ?= gcc
.PHONY: all clean
all: app
\tgcc -o app main.o
%.o: %.c
\tgcc -c $<
clean:
\tmake -C sub clean
"""
COMPONENT = """<template>
  <div class="list" v-if="items.length">
    <item-card v-for="item in items" :key="item.id" :item="item" />
    <p v-else>{{ message }}</p>
  </div>
</template>
<script>
export default {
  name: 'ItemList',
  data() {
    return { message: 'Nothing here', page: 1 }
  },
}
</script>
"""
GRID = "".join(
    f'    <table-column prop="a{n}" label="b{n}" width="{n}" />\n' for n in range(30)
)
PARTS = f"<template>\n{GRID}</template>\n<script>\nexport default {{}}\n</script>\n"
FOUND = "".join(f"2026-01-0{n} 10:00:00.0 {n}12 ./lib/a{n}.py\n" for n in range(1, 10))
PATHS = "".join(f"lib/a/b{n}.py,sha256={n}abc,{n}12\n" for n in range(30))
VARIABLES = "".join(f"PATH_{n}=/usr/local/lib:{n}2\n" for n in range(30))
SECTIONS = "".join(f"[part{n}]\nhost = db{n}\nport = 54{n}\n\n" for n in range(20))
ALIKE = {
    "times before paths": (FOUND, "listing"),
    "cells after paths": (PATHS, "table"),
    "variables that hold paths": (VARIABLES, "text"),
    "settings in sections": (SECTIONS, "config"),
    "rules of make": (MAKEFILE, "text"),
    "a component with a template": (COMPONENT, "text"),
    "a component with a tag per line": (PARTS, "text"),
}


def detect(text: str) -> str | None:
    found = read(text, Sample.of(text))
    return found[0].kind if found else None


@pytest.mark.parametrize("name", LOGS)
def test_logs_are_told_by_the_shape_of_their_lines(name: str) -> None:
    """Logs of applications, builds and test runs are taken for logs."""
    assert detect(LOGS[name]) == "logs"


@pytest.mark.parametrize("name", TEXTS)
def test_other_texts_are_not_taken_for_logs(name: str) -> None:
    """Code, documents, patches and tables are not logs."""
    assert detect(TEXTS[name]) != "logs"


@pytest.mark.parametrize("name", JSON)
def test_json_is_told_by_how_it_starts(name: str) -> None:
    """JSON is told by its first characters, a byte order mark aside."""
    text, kind = JSON[name]
    assert detect(text) == kind


@pytest.mark.parametrize("name", ALIKE)
def test_texts_that_look_like_two_kinds_are_of_the_better_one(name: str) -> None:
    """A text that is like two kinds is taken for the one that shows more of it."""
    text, kind = ALIKE[name]
    assert detect(text) == kind


@given(st.text(alphabet=st.characters(codec=None)))
@settings(deadline=None, max_examples=150)
def test_any_text_has_a_kind(text: str) -> None:
    """Some compressor reads any text but the empty one."""
    kinds = {compressor.kind for compressor in registered()}
    assert detect(text) in (kinds if text else {None})
