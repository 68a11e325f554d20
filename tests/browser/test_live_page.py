"""The live page of a server in a real browser."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from shown_results import HOSTILE
from watched import block, handled, listening, retrieval, tell

from headroom_langchain import InMemoryCCRStore
from headroom_langchain.ccr.store.original import Original
from headroom_langchain.serve.handled import Handled
from headroom_langchain.serve.operations.operations import Operations

if TYPE_CHECKING:
    from chromium import Chromium
    from playwright.sync_api import Page

T = TypeVar("T")

SCRIPT = "<script>document.title = 'owned'</script><img src=x onerror='x'>"
PARTS = ("header", "main", "#saved", "#chart", "#requests", "tbody")


def operations(*requests: Handled, **options: Any) -> Operations:
    """Return operations that have seen some requests."""
    made = Operations(log=False, metrics=False, **options)
    tell(made, *requests)
    return made


def many() -> list[Handled]:
    """Return 200 requests of an hour: of all protocols, and with all outcomes."""
    made = []
    now = time.time()
    for number in range(200):
        hidden = tuple(
            block(key=f"{number:016x}{place:08x}", tokens_before=900 * (number % 9 + 1))
            for place in range(number % 4)
        )
        unread = number % 11 == 0
        made.append(
            handled(
                number,
                at=now - 17 * (200 - number),
                seconds=0.004 * 1.07**number,
                dialect="" if unread else ("messages", "chat", "responses")[number % 3],
                method="GET" if unread else "POST",
                path="/v1/models" if unread else "/v1/messages",
                model="" if unread else "claude-sonnet-4-5",
                outcome=("ok", "ok", "ok", "left", "refused", "failed")[number % 6],
                status=(200, 200, 200, 200, 413, 529)[number % 6],
                problem="Overloaded" if number % 6 == 5 else "",
                blocks=(*hidden, block(skipped="small", tokens_after=9000)),
                retrievals=(retrieval(), retrieval(error=True)) if hidden else (),
                rounds=3 if hidden else 1,
                usage={"input_tokens": 1200, "output_tokens": 80},
                notes=("The store did not answer in time.",) * (number % 7 == 0),
            )
        )
    return made


def hostile() -> Handled:
    """Return a request that says the worst in every place."""
    odd = HOSTILE + SCRIPT + "x" * 400
    return handled(
        1,
        at=time.time(),
        path=odd,
        model=odd,
        problem=odd,
        outcome="failed",
        status=999,
        seconds=123456.0,
        bytes_in=10**15,
        blocks=(
            block(tool=odd, kind=odd, omitted=odd, tokens_before=10**12),
            block(key=None, omitted="", tokens_before=3, tokens_after=9),
        ),
        retrievals=(retrieval(arguments=odd),),
        rounds=10**6,
        notes=(odd, odd),
        usage={"input_tokens": 10**12},
    )


@contextmanager
def _opened(browser: Any, address: str) -> Iterator[Page]:
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto(address)
        page.wait_for_selector("body:not([data-view=connecting])")
        yield page


def on_page(chromium: Chromium, address: str, work: Callable[[Page], T]) -> T:
    """Do something on the page, once it shows something."""

    def worked(browser: Any) -> T:
        with _opened(browser, address) as page:
            return work(page)

    return chromium.run(worked)


def _looks(
    chromium: Chromium, address: str, regions: tuple[str, ...], folder: Path
) -> None:
    from page_checks import looks

    assert looks(chromium, address, regions=regions, folder=folder) == []


def test_the_empty_page_looks_right(chromium: Chromium, tmp_path: Path) -> None:
    """Before the first request the page says how to connect a client."""
    with listening(operations()) as address:
        _looks(chromium, address, ("header", "#connect"), tmp_path)
        told = on_page(chromium, address, lambda page: page.inner_text("#connect"))
    assert f"ANTHROPIC_BASE_URL={address[:-1]}\n" in told
    assert f"OPENAI_BASE_URL={address}v1\n" in told


def test_the_busy_page_looks_right(chromium: Chromium, tmp_path: Path) -> None:
    """With 200 requests all of it fits, and can be read; one of them is opened."""
    with listening(operations(*many())) as address:
        regions = (*PARTS, ".details", ".line", ".hidden")
        _looks(chromium, f"{address}#request-{199:032x}", regions, tmp_path)


def test_hostile_names_are_only_text(chromium: Chromium, tmp_path: Path) -> None:
    """Whatever names a client sends, they are read, fit, and do nothing."""
    requests = operations(hostile(), handled(2, at=time.time()))
    with listening(requests) as address:

        def opened(page: Page) -> tuple[str, int, str]:
            page.locator(".open").nth(1).click()
            scripts = page.locator("main script, main img, main b").count()
            return page.inner_text(".details"), scripts, page.title()

        told, scripts, title = on_page(chromium, address, opened)
        _looks(chromium, f"{address}#request-{1:032x}", (*PARTS, ".details"), tmp_path)
    assert "<script>" in told
    assert scripts == 0
    assert title.endswith("headroom")


def test_new_requests_come_by_themselves(chromium: Chromium) -> None:
    """A request is shown soon after it is over, and what is open stays open."""
    seen = operations(handled(1, at=time.time(), blocks=(block(),)))

    def work(page: Page) -> tuple[list[str], str | None, bool]:
        page.click(".open")
        page.focus(".open")
        tell(seen, handled(2, at=time.time(), model="the-new-one"))
        page.wait_for_selector("text=the-new-one")
        focused = page.evaluate("document.activeElement.className") == "open"
        opened = page.locator(".open").nth(1).get_attribute("aria-expanded")
        return page.locator(".model").all_inner_texts(), opened, focused

    with listening(seen) as address:
        names, opened, focused = on_page(chromium, address, work)
    assert names == ["the-new-one", "claude-sonnet-4-5"]
    assert (opened, focused) == ("true", True)


def test_the_page_goes_on_when_the_server_comes_back(chromium: Chromium) -> None:
    """While the server is away the page says so; then it shows the new server's."""

    def work(browser: Any) -> list[str]:
        states = []
        first = operations(handled(1, at=time.time()))
        with listening(first) as address:
            context = browser.new_context()
            page = context.new_page()
            page.goto(address)
            page.wait_for_selector("#state[data-state=live]")
            states.append(page.inner_text("#state"))
        page.wait_for_selector("#state[data-state=away]")
        states.append(page.inner_text("#state"))
        assert page.locator(".model").count() == 1
        port = int(address.rstrip("/").rpartition(":")[2])
        after = operations(handled(7, at=time.time(), model="after"))
        with listening(after, port):
            page.wait_for_selector("#state[data-state=live]")
            states += page.locator(".model").all_inner_texts()
            context.close()
        return states

    states = chromium.run(work)
    assert states == ["Live", "Server not reachable, trying again", "after"]


def test_the_page_works_by_keyboard(chromium: Chromium) -> None:
    """Details open by a key, the chart is read by arrows, and names are told."""
    seen = operations(handled(1, at=time.time(), blocks=(block(),)))

    def work(page: Page) -> tuple[str, str, str, int]:
        page.focus("#columns")
        page.keyboard.press("End")
        column = page.inner_text("#readout")
        page.keyboard.press("Tab")
        page.focus("button[data-filter=all]")
        for _ in range(3):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        tree = page.locator("table").aria_snapshot()
        page.keyboard.press("Enter")
        return column, page.inner_text("h1"), tree, page.locator(".details").count()

    with listening(seen) as address:
        column, title, tree, left = on_page(chromium, address, work)
    assert "1 request, 9,000 → 900 tokens, 90 % saved" in column
    assert (title, left) == ("headroom", 0)
    assert 'button "Details of the request at' in tree
    assert "[expanded]" in tree
    assert tree.count("columnheader") == 8
    assert "483 of 500 lines hidden" in tree


def test_requests_can_be_filtered_and_all_be_shown(chromium: Chromium) -> None:
    """Some are shown at first, then all, or those that had problems."""

    def work(page: Page) -> list[int]:
        rows = page.locator("tbody")
        counts = [rows.count()]
        page.click("#more")
        counts.append(rows.count())
        page.click("button[data-filter=problems]")
        counts.append(rows.count())
        return counts

    with listening(operations(*many())) as address:
        assert on_page(chromium, address, work) == [25, 200, 66]


def test_the_page_can_be_paused(chromium: Chromium) -> None:
    """A paused page asks for nothing until it is let go."""
    seen = operations(handled(1, at=time.time()))

    def work(page: Page) -> tuple[str, str]:
        page.click("#pause")
        paused = page.inner_text("#state")
        tell(seen, handled(2, at=time.time(), model="later"))
        assert page.locator("text=later").count() == 0
        page.click("#pause")
        page.wait_for_selector("text=later")
        return paused, page.inner_text("#state")

    with listening(seen) as address:
        assert on_page(chromium, address, work) == ("Paused", "Live")


@pytest.mark.parametrize("allowed", [True, False])
def test_originals_open_when_that_is_allowed(
    chromium: Chromium, tmp_path: Path, *, allowed: bool
) -> None:
    """The key of a hidden text leads to its original, or is only a key."""
    store = InMemoryCCRStore()
    original = Original.of(f"first\n{SCRIPT}\n{HOSTILE}" + "wide " * 300, tool=SCRIPT)
    store.put(original, namespace="tenant")
    request = handled(
        1, at=time.time(), blocks=(block(key=original.key),), namespace="tenant"
    )
    seen = operations(request, store=store, show_contents=allowed)

    def work(page: Page) -> str | None:
        page.click(".open")
        link = page.locator(".hidden a")
        return link.get_attribute("href") if link.count() else None

    with listening(seen) as address:
        link = on_page(chromium, address, work)
        if link is not None:
            _looks(chromium, address[:-1] + link, ("h1", "pre"), tmp_path)
    assert (link is not None) is allowed
