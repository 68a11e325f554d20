"""What an excerpt of an XML document shows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.excerpt import NOTHING_ASKED, Excerpt, Interest
from headroom_langchain.compression.markup.xml import Xml
from headroom_langchain.compression.markup.xml_tree import read_tree
from headroom_langchain.compression.registry import read
from headroom_langchain.compression.sample import Sample
from headroom_langchain.structure.json_text import parse_json
from headroom_langchain.tokens import estimate_tokens

DECLARED = '<?xml version="1.0"?>\n'
MARKUP = st.lists(
    st.sampled_from(
        "< > <a> </a> <b c='1'> </b> <b/> <!-- --> <![CDATA[ ]]> <!DOCTYPE[ ]> &lt; &x;"
        " word 1.50 <testsuite> <testcase> <failure> </failure> \x00 \ud800".split()
    ),
    max_size=40,
).map(" ".join)


def excerpt(
    text: str, interest: Interest = NOTHING_ASKED, *, scale: float = 1.0
) -> Excerpt:
    """Compress a document to the budget that fits it."""
    reading = Xml().read(text, Sample.of(text))
    assert reading is not None
    budget = round(scale * Xml().budget(estimate_tokens(text)))
    return reading.excerpt(budget=budget, interest=interest)


def report(*cases: str) -> str:
    """Make a test report."""
    return f'{DECLARED}<testsuite name="s" tests="9">{"".join(cases)}</testsuite>'


PASSED = [
    f'<testcase classname="m.T" name="test_{i}" time="0.0{i % 9}1"/>'
    for i in range(300)
]


@pytest.mark.parametrize(
    ("text", "likeness"),
    [
        (DECLARED + "<a><b>1</b></a>", 0.9),
        ("<!-- c -->\n<project><b>1</b></project>", 0.7),
        (DECLARED + '<html xmlns="http://www.w3.org/1999/xhtml"></html>', 0.0),
        ("<a> is a tag", 0.0),
        ("<template><b>1</b></template>\n<script>x</script>", 0.0),
        ("x < y", 0.0),
    ],
)
def test_documents_are_told_from_what_has_tags_in_it(
    text: str, likeness: float
) -> None:
    """A document is known by its declaration, or by the element around all of it."""
    assert Xml().likeness(Sample.of(text)) == likeness


def test_a_document_is_read_as_xml() -> None:
    """Among all compressors, a document belongs to this one."""
    text = f"{DECLARED}<r>{'<a><b>1</b></a>' * 90}</r>"
    found = read(text, Sample.of(text))
    assert found is not None
    assert found[0].kind == "xml"


def test_records_become_rows() -> None:
    """Elements of one name are rows; the odd one is shown, numbers as written."""
    rows = "".join(
        f"<host><addr>10.0.0.{i}</addr><up>{'no' if i == 77 else 'yes'}</up>"
        f"<rtt>{i % 7}.50</rtt></host>"
        for i in range(250)
    )
    told = excerpt(f"{DECLARED}<scan>{rows}<total>1.50</total></scan>", scale=0.5).text
    assert "10.0.0.77" in told
    assert "1.50" in told
    assert "250 rows" in told


def test_settings_keep_their_comments() -> None:
    """In a document that explains itself in comments, they are lines."""
    told = excerpt(
        f"{DECLARED}<s><!-- | The port must be free.\n | Default: 80\n"
        "<port>80</port> --><!-- Licensed under X -->"
        "<port secure='no'>8080</port></s>",
        scale=9,
    ).text
    for line in (
        "# The port must be free. Default: 80",
        "# <port>80</port>",
        'port secure="no": 8080',
    ):
        assert line in told


def test_feeds_show_text() -> None:
    """HTML inside the text of a feed is shown without its tags."""
    item = "<item><d><![CDATA[<p>New &amp; <b>fast</b></p>]]></d><n>1</n></item>"
    told = excerpt(f"{DECLARED}<rss>{item * 4}</rss>", scale=9).text
    assert "New & fast" in told
    assert "<p>" not in told


def test_sentences_stay_whole() -> None:
    """Elements inside a sentence do not break it."""
    told = excerpt(
        f"{DECLARED}<d>{'<p>Use the <tt>x</tt> flag, <b>never</b> y.</p>' * 3}</d>",
        scale=9,
    ).text
    assert "Use the x flag, never y." in told


def test_each_failure_is_shown_once_in_full() -> None:
    """Of a test report, every distinct failure is shown, with its tests and text."""
    bad = [
        f'<testcase classname="m.T" name="bad_{i}"><failure message="no {i}">'
        f"line one\nassert {i} == 7</failure></testcase>"
        for i in range(5)
    ]
    same = [
        f'<testcase classname="m.T" name="down_{i}"><error>refused</error></testcase>'
        for i in range(40)
    ]
    told = excerpt(report(*PASSED[:150], *bad, *same, *PASSED[150:])).text
    assert all(f"no {i}\nline one\nassert {i} == 7" in told for i in range(5))
    assert told.count("refused") == 1
    assert "ERROR m.T.down_0" in told
    assert "and 33 more" in told
    assert "[300 passed; slowest: m.T.test_8 0.081 s" in told


def test_stack_traces_make_no_log_of_a_report() -> None:
    """Every test that failed is named, also where nearly all lines are frames."""
    frames = "".join(f"\tat org.junit.Task.run{i}(Task.java:{i})\n" for i in range(40))
    failed = [
        f'<testcase classname="m.T" name="fails_{i}"><failure message="want {i}">'
        f"java.lang.AssertionError: want {i}\n\tat m.T.fails_{i}(T.java:{i})\n{frames}"
        "</failure></testcase>"
        for i in range(20)
    ]
    text = report(*failed, *PASSED[:20])
    found = read(text, Sample.of(text))
    assert found is not None
    assert found[0].kind == "xml"
    shown = excerpt(text).text
    for i in range(20):
        assert f"m.T.fails_{i}\n" in shown
        assert f"T.fails_{i}(T.java:{i})" in shown
    assert "Task.run39" not in shown


def test_skips_and_what_passed_follow() -> None:
    """Skipped tests are shown by reason, and a test asked for among those passed."""
    skip = '<testcase name="t"><skipped message="needs docker"/></testcase>'
    special = '<testcase classname="m.Z" name="test_marmot"/>'
    asked = Interest(arguments=("marmot",))
    told = excerpt(report(*PASSED, skip, special), asked).text
    assert "SKIPPED t: needs docker" in told
    assert "passed m.Z.test_marmot" in told


def test_many_failures_are_counted() -> None:
    """More distinct failures than fit are counted and named, none is forgotten."""
    bad = [
        f'<testcase name="bad_{i}"><failure>{f"why {i} " * 60}</failure></testcase>'
        for i in range(400)
    ]
    told = excerpt(report(*bad), scale=0.3)
    shown = told.text.count("FAILED")
    assert 0 < shown < 400
    assert f"[{400 - shown} more failed: bad_{shown}, " in told.text


def test_quiet_suites_are_counted() -> None:
    """Of many suites those with failures are shown, and the others counted."""
    quiet = (
        '<testsuite name="q" tests="1" failures="0"><testcase name="t"/></testsuite>'
    )
    loud = (
        '<testsuite name="loud" tests="1" errors="1" failures="0">'
        '<testcase name="b"><error>refused</error></testcase></testsuite>'
    )
    told = excerpt(f"{DECLARED}<testsuites>{quiet * 40}{loud}</testsuites>").text
    assert 'testsuite name="loud"' in told
    assert "[34 more suites without failures]" in told


def test_stack_traces_are_left_to_others() -> None:
    """A document that consists of stack traces is better read line by line."""
    frames = "".join(
        f"\tat com.example.Service.call(Service.java:{i})\n" for i in range(9)
    )
    text = f"{DECLARED}<r>{f'<e>Broken{frames}</e>' * 20}</r>"
    assert Xml().read(text, Sample.of(text)) is None


def test_entities_are_never_expanded() -> None:
    """A declared entity stays as it is written, however much it stands for."""
    lines = [f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10)]
    text = (
        f'{DECLARED}<!DOCTYPE l [<!ENTITY a0 "ha">{"".join(lines)}'
        '<!ENTITY f SYSTEM "file:///etc/passwd">]>\n<l><m>&a9;</m><n>&f; &lt;x</n></l>'
    )
    told = excerpt(text).text
    assert "&a9;" in told
    assert "&f; <x" in told
    assert len(told) < len(text)


@pytest.mark.parametrize(
    "piece", ["<a>", "<a b='1'>", "<!-- ", "<![CDATA[", "<a/>", "x "]
)
def test_monotonous_documents_are_read(piece: str) -> None:
    """Deep nesting, and marks that never end, do no harm."""
    text = f"{DECLARED}<r>{piece * (150_000 // len(piece))}"
    reading = Xml().read(text, Sample.of(text))
    if reading is not None:
        told = reading.excerpt(budget=500, interest=NOTHING_ASKED)
        assert len(told.text) < len(text)


@pytest.mark.parametrize(
    "text",
    ["<a>" + " " * 60_000 + "x", "<!-- " * 12_000, "<a>" + " <!-- -->" * 6_000 + "x"],
)
def test_what_is_not_closed_is_no_document(text: str) -> None:
    """A text that only begins as a document does is not taken for one."""
    assert Xml().likeness(Sample.of(text)) == 0.0


@given(MARKUP)
def test_a_document_is_valid_json_inside(text: str) -> None:
    """Whatever the document, what its records are read from is a JSON object."""
    tree = read_tree(text)
    assert tree is None or isinstance(parse_json(tree.json), dict)


@settings(deadline=None, max_examples=200)
@given(MARKUP | st.text(max_size=200))
def test_any_text_is_read_twice_the_same(text: str) -> None:
    """No text makes the reading fail, and it depends on the text alone."""
    sample = Sample.of(text)
    Xml().likeness(sample)
    tellings = [
        reading.excerpt(budget=20, interest=NOTHING_ASKED)
        for reading in (Xml().read(text, sample), Xml().read(text, sample))
        if reading is not None
    ]
    assert len(set(map(str, tellings))) <= 1
