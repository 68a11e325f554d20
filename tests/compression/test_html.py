"""What an excerpt of a web page shows."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.excerpt import NOTHING_ASKED, Excerpt, Interest
from headroom_langchain.compression.markup.html import Html
from headroom_langchain.compression.registry import read
from headroom_langchain.compression.sample import Sample
from headroom_langchain.compression.shorten import shorten
from headroom_langchain.tokens import estimate_tokens

PARAGRAPHS = "".join(
    f"<p>Sentence {i} tells of <b>ordinary</b> things and goes on.</p>\n"
    for i in range(400)
)
MARKUP = st.lists(
    st.sampled_from(
        "< > </ <!-- --> <p> </p> <table><tr><td> </td></tr></table> <li> <ul> </ul>"
        " <script> </script> <pre> </pre> <a href='x'> </a> &amp; &#99999999999; word"
        " <select><option> <input name=a> <h1> </h1> <nav> </nav> <![CDATA[ ]]> <?x"
        " <!DOCTYPE[ \x00 \ud800 \" ' <time datetime=1> <title> <svg/> <p class=error>"
        " <button>".split()
    ),
    max_size=40,
).map(" ".join)


def page(body: str, head: str = "") -> str:
    """Make a page."""
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"


def excerpt(
    text: str, interest: Interest = NOTHING_ASKED, *, scale: float = 1.0
) -> Excerpt:
    """Compress a page to the budget that fits it."""
    reading = Html().read(text, Sample.of(text))
    assert reading is not None
    budget = round(scale * Html().budget(estimate_tokens(text)))
    return reading.excerpt(budget=budget, interest=interest)


@pytest.mark.parametrize(
    ("text", "likeness"),
    [
        (page("<p>x</p>"), 0.9),
        ("HTTP/1.1 200 OK\r\nServer: x\r\n\r\n" + page("<p>x</p>"), 0.9),
        ("<div>" + "<p>x</p>" * 9 + "</div>", 0.65),
        ('const html = "<!doctype html><html>";', 0.0),
        ("<html>" + "{% if a %}{% endif %}" * 9 + "</html>", 0.0),
        ("The element <div> is <p> a box.", 0.0),
    ],
)
def test_pages_are_told_from_what_has_tags_in_it(text: str, likeness: float) -> None:
    """A page is known by its beginning; templates and source code are not pages."""
    assert Html().likeness(Sample.of(text)) == likeness


def test_a_page_is_read_as_html() -> None:
    """Among all compressors, a page belongs to this one."""
    text = page(PARAGRAPHS)
    found = read(text, Sample.of(text))
    assert found is not None
    assert found[0].kind == "html"


def test_what_has_no_text_is_left_out() -> None:
    """Scripts, styles and drawings are left out; navigation is only named."""
    noise = (
        "<style>.a{}</style><script>let secret = 1;</script><svg><text>s</text></svg>"
        "<nav><a href=/a>Products</a></nav><div class='cookie-banner'>We use</div>"
    )
    told = excerpt(page(f"{noise}<main><p>Content.</p></main><footer>Imprint</footer>"))
    assert told.text == "Content.\n[around it: Products, We use, Imprint]"
    assert told.omitted == "markup"


def test_it_is_said_how_much_navigation_is_left_out() -> None:
    """Of much navigation the beginning is named, and the rest is counted."""
    links = "".join(f"<li><a href=/{i}>Category {i}</a></li>" for i in range(90))
    told = excerpt(page(f"<nav><ul>{links}</ul></nav><p>{'Content. ' * 40}</p>"))
    named = told.text.count("Category")
    assert told.text.startswith("Content. Content.")
    assert 0 < named < 90
    assert told.omitted == f"markup, {90 - named} lines of navigation"


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("<h2>Set <i>up</i></h2>", "## Set up"),
        ("<ul><li>one<ul><li>two</ul></ul>", "- one\n  - two"),
        ("<ol start=3><li>a<li>b</ol>", "3. a\n4. b"),
        ("<table><tr><th>A<th>B<tr><td>1<td>2</table>", "A | B\n1 | 2"),
        ("<pre>if a:\n    b()</pre>", "if a:\n    b()"),
        ("<p>see <a href='/guide'>the guide</a> now", "see the guide now [→ /guide]"),
        ("<img src=a alt='A red box'>", "[image: A red box]"),
        ("<p>changed <time datetime='2026-01-02'>today</time>", "[2026-01-02]"),
        ("<td><i class=x title=Failed></i></td>", "[Failed]"),
        ("<b data-price=19.5>Box</b>", "[price=19.5] Box"),
        ("<details><summary>More</summary>Hidden.</details>", "More\nHidden."),
        ("<noscript>Needs scripts.</noscript>", "Needs scripts."),
        ("<p>caf&eacute; &lt;b&gt;", "café <b>"),
        ("<dl><dt>Port<dd>8080</dl>", "Port\n8080"),
        ("<p>a</b>c<div>d</i></div>e", "ac\nd\ne"),
    ],
)
def test_structure_is_seen(body: str, line: str) -> None:
    """Headings, lists, tables, code, links and labels come out as lines."""
    assert line in excerpt(page(body + "<p>and more text here</p>"), scale=9).text


def test_form_fields_tell_what_they_need() -> None:
    """A form shows its target, and of each field the name, type and requirements."""
    told = excerpt(
        page(
            "<form action=/go method=post><label>Mail <input type=email name=m required"
            " placeholder='you@x'></label><select name=c><option>DE<option>FR"
            "</select><button>Send</button></form>"
        ),
        scale=9,
    ).text.split("\n")
    assert told == [
        "[form POST /go]",
        "Mail [email name=m placeholder=you@x required] [select name=c: DE, FR] [Send]",
    ]


def test_head_and_embedded_data_are_shown() -> None:
    """The title, the description and data for programs are shown."""
    data = json.dumps({"offers": {"price": "12.90", "availability": "PreOrder"}})
    told = excerpt(
        page(
            PARAGRAPHS,
            "<title>Box</title><meta name=description content='A good box'>"
            f'<script type="application/ld+json">{data}</script>'
            '<script>window.__STATE__ = {"stock": 17};</script>',
        )
    ).text
    for fact in ("Box", "description: A good box", "12.90", "PreOrder", "stock=17"):
        assert fact in told


@pytest.mark.parametrize(
    "line",
    [
        "<div role=alert>The marmot was seen.</div>",
        "<p>The port must not be 0.</p>",
        "<p>Waits 30 seconds.</p>",
        "<h3>Marmots</h3>",
        "<p>デフォルト値は60000です。</p>",
    ],
)
def test_what_matters_is_shown_of_a_long_page(line: str) -> None:
    """Alerts, rules, figures and headings inside a long page are shown."""
    text = page(PARAGRAPHS[:9000] + line + PARAGRAPHS[9000:])
    told = excerpt(text, scale=0.4)
    assert line.partition(">")[2].rpartition("<")[0] in told.text
    assert "lines" in told.omitted


def test_what_was_asked_for_is_shown() -> None:
    """A line with a rare word of the tool call is shown, even in the navigation."""
    text = page("<nav><a href=/m>Marmots</a></nav>" + PARAGRAPHS)
    assert "Marmots" in excerpt(text, Interest(arguments=("marmots",))).text


def test_odd_row_of_a_table_is_shown() -> None:
    """The row whose state no other row has is shown, with the head of the table."""
    rows = "".join(
        f"<tr><td>job-{i}</td><td>{'stuck' if i == 333 else 'done'}</td></tr>"
        for i in range(600)
    )
    told = excerpt(page(f"<table><tr><th>Job<th>State</tr>{rows}</table>")).text
    assert "Job | State" in told
    assert "job-333 | stuck" in told


def test_words_of_scripts_are_not_named_as_hidden() -> None:
    """Of what is hidden, only words that a reader of the page could see are named."""
    script = "".join(f"let marmotvariable{i} = {i};" for i in range(40))
    odd = "<p>Deep in here sits a quibblezort, unseen.</p>"
    text = page(f"{PARAGRAPHS * 3}{odd}{PARAGRAPHS * 3}", f"<script>{script}</script>")
    told = shorten(text, interest=NOTHING_ASKED)
    assert told is not None
    assert "quibblezort" in told.text
    assert "marmotvariable" not in told.text


def test_failures_and_warnings_around_the_content_are_shown() -> None:
    """What tells of a failure or warns is content, wherever it stands."""
    links = "".join(f"<a href=/{i}>Help topic {i}</a> " for i in range(60))
    note = "Error: the store is not reachable"
    text = page(f"<p>{'Content. ' * 90}</p><footer>{links}<p>{note}</p></footer>")
    assert note in excerpt(text).text


def test_a_page_that_is_all_frame_is_shown() -> None:
    """Where everything looks like navigation, it was misjudged and is shown."""
    assert "First" in excerpt(page("<nav><a href=/1>First</a></nav>")).text


def test_nothing_seen_is_not_a_page() -> None:
    """A page without any text is left to other compressors."""
    text = page("<script>x()</script>")
    assert Html().read(text, Sample.of(text)) is None


@pytest.mark.parametrize(
    "piece",
    ["<", "<div>", "<a ", '<a "', "<!--", "<p>a", "<table><tr><td>", "=" * 79 + "\n"],
)
def test_monotonous_pages_are_read(piece: str) -> None:
    """A page of one thing over and over gives nothing, or something shorter."""
    text = page(piece * (200_000 // len(piece)))
    reading = Html().read(text, Sample.of(text))
    if reading is not None:
        told = reading.excerpt(budget=500, interest=NOTHING_ASKED)
        assert estimate_tokens(told.text) < 1000


@given(MARKUP | st.text(max_size=200))
@settings(deadline=None, max_examples=200)
def test_any_text_is_read_twice_the_same(text: str) -> None:
    """No text makes the reading fail, and it depends on the text alone."""
    sample = Sample.of(text)
    first, second = Html().read(text, sample), Html().read(text, sample)
    assert first == second
    if first is not None:
        told = first.excerpt(budget=20, interest=NOTHING_ASKED)
        again = first.excerpt(budget=20, interest=NOTHING_ASKED)
        assert told == again


@given(st.lists(st.text(alphabet="abc déf.", min_size=1), min_size=1, max_size=30))
@settings(deadline=None, max_examples=60)
def test_words_shown_are_words_of_the_page(paragraphs: list[str]) -> None:
    """Whatever is shown and not marked stands in the page."""
    text = page("".join(f"<p>{one}</p>" for one in paragraphs))
    reading = Html().read(text, Sample.of(text))
    if reading is None:
        return
    for line in reading.excerpt(budget=15, interest=NOTHING_ASKED).text.split("\n"):
        plain = line.strip("…").strip()
        assert line.startswith("[...") or plain in " ".join(text.split())
