"""What is answered: to whom, by which methods, and with which headers."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from watched import KEY, application, block, handled, retrieval, tell

from headroom_langchain import InMemoryCCRStore
from headroom_langchain._version import __version__
from headroom_langchain.ccr.store.original import Original
from headroom_langchain.errors import ConfigurationError
from headroom_langchain.serve.operations.operations import Operations

ANYWHERE = "0.0.0.0"  # noqa: S104 - what is bound to, not a socket
PATHS = ("/", "/healthz", "/metrics", "/headroom/activity", "/favicon.ico")


def quiet(**options: Any) -> Operations:
    return Operations(log=False, **options)


async def ask(
    operations: Operations,
    path: str,
    *,
    method: str = "GET",
    host: str = "localhost:8787",
) -> httpx.Response:
    transport = httpx.ASGITransport(app=application(operations))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        return await client.request(method, path, headers={"host": host})


@pytest.mark.parametrize("path", PATHS)
async def test_each_route_answers_carefully(path: str) -> None:
    """Nothing is stored by a cache, framed, sniffed or read by another site."""
    got = await ask(quiet(), path)
    assert got.status_code == 200
    assert got.headers["cache-control"] == "no-store"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["cross-origin-resource-policy"] == "same-origin"
    policy = got.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", PATHS)
async def test_a_head_has_no_body(path: str) -> None:
    """`HEAD` has the headers of `GET` and nothing behind them."""
    operations = quiet()
    head = await ask(operations, path, method="HEAD")
    assert head.status_code == 200
    assert head.content == b""
    assert int(head.headers["content-length"]) > 0


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS"])
async def test_other_methods_are_refused(path: str, method: str) -> None:
    """Only `GET` and `HEAD` are allowed."""
    got = await ask(quiet(), path, method=method)
    assert (got.status_code, got.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("host", "options"),
    [
        ("localhost", {}),
        ("LOCALHOST.:8787", {}),
        ("app.localhost:80", {}),
        ("127.0.0.1:8787", {}),
        ("127.8.9.1", {}),
        ("[::1]:8787", {}),
        ("Box.example:8787", {"host": "box.example"}),
        ("192.168.1.7:8787", {"host": "192.168.1.7"}),
        ("192.168.1.7:8787", {"host": ANYWHERE}),
        ("[fd00::7]", {"host": "::"}),
        ("headroom:8787", {"hosts": ["headroom"]}),
        ("anything.example", {"hosts": ["*"]}),
    ],
)
async def test_known_hosts_are_answered(host: str, options: dict[str, Any]) -> None:
    """This machine, what the server is bound to, and configured names are known."""
    assert (await ask(quiet(**options), "/healthz", host=host)).status_code == 200


@pytest.mark.parametrize(
    ("host", "options"),
    [
        ("evil.example", {}),
        ("evil.example:8787", {"host": ANYWHERE}),
        ("localhost.evil.example", {}),
        ("127.0.0.1.evil.example", {}),
        ("192.168.1.7", {}),
        ("", {}),
        ("[", {}),
    ],
)
@pytest.mark.parametrize("path", PATHS)
async def test_strangers_are_refused(
    path: str, host: str, options: dict[str, Any]
) -> None:
    """A name that somebody made lead here gets nothing, on no route."""
    got = await ask(quiet(**options), path, host=host)
    assert got.status_code == 421
    assert "headroom" not in got.text


async def test_a_request_without_a_host_is_answered() -> None:
    """Health checks of HTTP/1.0 name no host."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError

    scope = {"type": "http", "method": "GET", "path": "/healthz", "headers": []}
    await application(quiet())(scope, receive, send)
    assert sent[0]["status"] == 200


async def test_health_tells_that_the_server_stops() -> None:
    """A server that shuts down says so, and still answers."""
    operations = quiet()
    operations.observers[0].began()
    got = await ask(operations, "/healthz")
    told = got.json()
    assert (told["status"], told["version"]) == ("ok", __version__)
    assert told["in_flight"] == 1
    operations.stop()
    got = await ask(operations, "/healthz")
    assert (got.status_code, got.json()["status"]) == (503, "stopping")
    await operations.aclose()


async def test_what_is_switched_off_is_not_there() -> None:
    """Without page and metrics only the health is answered."""
    operations = quiet(page=False, metrics=False)
    assert set(operations.routes) == {"/healthz"}
    assert operations.route("/headroom/activity") is None
    assert operations.route("/") is None


async def test_paths_of_clients_are_left_to_others() -> None:
    """No path of a provider is taken, nor one that only begins like one of these."""
    operations = quiet()
    for path in ("/v1/messages", "/v1/models", "/metricsx", "/headroom", "/healthz/"):
        assert operations.route(path) is None
    assert (await ask(operations, "/headroom/nothing")).status_code == 404


async def activity(operations: Operations, query: str = "") -> Any:
    got = await ask(operations, f"/headroom/activity{query}")
    assert got.status_code == 200
    return got.json()


async def test_activity_tells_sums_and_requests() -> None:
    """What was saved adds up, and the newest request comes first."""
    operations = quiet()
    good = handled(1, blocks=(block(),), retrievals=(retrieval(),))
    tell(operations, good, handled(2, outcome="failed", status=500))
    operations.observers[0].began()
    told = await activity(operations)
    assert told["sums"] == {
        "requests": 2,
        "problems": 1,
        "compressed": 1,
        "before": 9000,
        "after": 900 + 812,
        "retrievals": 1,
        "retrieved": 812,
    }
    assert told["in_flight"] == 1
    assert [entry["status"] for entry in told["requests"]] == [500, 200]
    assert told["requests"][1]["hidden"][0]["omitted"] == "483 of 500 lines"
    assert "namespace" not in json.dumps(told)


async def test_only_what_is_new_is_told() -> None:
    """Behind a cursor come new requests only; one of another server counts nothing."""
    operations = quiet()
    tell(operations, handled(1))
    cursor = (await activity(operations))["cursor"]
    same = await activity(operations, f"?cursor={cursor}")
    assert (same["whole"], same["requests"]) == (False, [])
    tell(operations, handled(2))
    new = await activity(operations, f"?cursor={cursor}")
    assert [entry["id"] for entry in new["requests"]] == [f"{2:032x}"]
    number = cursor.partition("-")[2]
    for strange in ("other-1", f"other-{number}", "x", "-1", "a-" + "9" * 5000, "%00-"):
        told = await activity(operations, f"?cursor={strange}")
        assert (told["whole"], len(told["requests"])) == (True, 2)


async def test_the_chart_has_the_minutes_of_its_span(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Requests stand in the column of the minute in which they ended."""
    now = 1_790_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    operations = quiet()
    for minutes in (0, 5, 59, 61, 23 * 60):
        at = now - 60 * minutes
        tell(operations, handled(at=at, seconds=0.0, blocks=(block(),)))
    hour = (await activity(operations))["chart"]
    counts = {
        place: each["requests"]
        for place, each in enumerate(hour["columns"])
        if each["requests"]
    }
    assert counts == {0: 1, 54: 1, 59: 1}
    assert hour["start"] + 59 * hour["seconds"] == now // 60 * 60
    day = (await activity(operations, "?span=day"))["chart"]
    assert sum(each["before"] for each in day["columns"]) == 5 * 9000
    assert len(day["columns"]) * day["seconds"] == 24 * 3600


def shown(**options: Any) -> tuple[Operations, str]:
    store = InMemoryCCRStore()
    original = Original.of("<script>alert(1)</script>\x1b[2J\u202e", tool="<b>")
    store.put(original, namespace="tenant")
    operations = quiet(store=store, **options)
    hidden = (block(key=original.key),)
    tell(
        operations,
        handled(1, blocks=hidden, namespace="tenant"),
        handled(2, blocks=hidden, namespace="other"),
        handled(3, blocks=(block(),), namespace="tenant"),
    )
    return operations, original.key


async def test_an_original_is_text_and_nothing_else() -> None:
    """A page of an original has its text escaped, and may not run anything."""
    operations, key = shown(show_contents=True)
    path = f"/headroom/original/{key}?request={1:032x}"
    got = await ask(operations, path)
    assert got.status_code == 200
    assert "<script" not in got.text
    assert "&lt;script&gt;alert(1)" in got.text
    assert "\x1b" not in got.text
    assert "\u202e" not in got.text
    assert "script-src" not in got.headers["content-security-policy"]


async def test_an_original_is_shown_for_its_request_only() -> None:
    """Who names another tenant's request, or another key, gets nothing."""
    operations, key = shown(show_contents=True)
    for path in (
        f"/headroom/original/{key}",
        f"/headroom/original/{key}?request={2:032x}",
        f"/headroom/original/{key}?request={3:032x}",
        f"/headroom/original/{KEY}?request={3:032x}",
        f"/headroom/original/?request={1:032x}",
    ):
        assert (await ask(operations, path)).status_code == 404


async def test_originals_are_not_shown_unless_allowed() -> None:
    """Without leave there is no original, and the page offers none."""
    operations, key = shown()
    path = f"/headroom/original/{key}?request={1:032x}"
    assert (await ask(operations, path)).status_code == 404
    assert (await activity(operations))["contents"] is False


def test_contents_need_a_store() -> None:
    """Contents cannot be shown from nowhere."""
    with pytest.raises(ConfigurationError, match="store="):
        Operations(show_contents=True)
