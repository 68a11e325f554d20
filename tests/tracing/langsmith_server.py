"""A stub of LangSmith on loopback, which keeps the runs that a client sends it.

It speaks every way in which the client delivers runs: multipart forms, plain or
compressed with zstd, batches of JSON, and one run at a time. What came for one id
is merged, in whatever order it came, so that a test reads trees of runs.
"""

from __future__ import annotations

import email
import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Literal, Self, TypeAlias

import zstandard

Delivery: TypeAlias = Literal["zstd", "multipart", "batch"]
"""What the server tells clients to use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedRun:
    """One run as LangSmith got it, with the runs below it in their order."""

    name: str
    run_type: str
    inputs: str
    """As JSON."""
    outputs: str
    """As JSON."""
    error: str | None
    metadata: dict[str, Any]
    invocation_params: dict[str, Any]
    tags: frozenset[str]
    children: tuple[TracedRun, ...]

    @property
    def steps(self) -> list[tuple[str, str]]:
        """Type and name of each child."""
        return [(child.run_type, child.name) for child in self.children]

    def all(self) -> Iterator[TracedRun]:
        """Yield the run and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.all()


class LangSmithServer:
    """Listens on a free port of 127.0.0.1 while it is entered."""

    def __init__(self, delivery: Delivery = "zstd") -> None:
        """Prepare a server that asks its clients for a way to deliver runs."""
        self.delivery = delivery
        self.requests: list[str] = []
        """Method, path and content encoding of each request, in order."""
        self._runs: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """What `LANGSMITH_ENDPOINT` takes."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def trees(self) -> list[TracedRun]:
        """The runs without a parent, in the order of their start."""
        with self._lock:
            runs = sorted(self._runs.values(), key=lambda run: run["dotted_order"])
            return _below(None, runs)

    def __enter__(self) -> Self:
        """Listen."""
        handler = type("_Handler", (_Handler,), {"stub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.01])
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, once what was received has been served."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def info(self) -> dict[str, Any]:
        """Return what the server says of itself."""
        return {
            "version": "0.18.0",
            "instance_flags": {"zstd_compression_enabled": self.delivery == "zstd"},
            "batch_ingest_config": {
                "use_multipart_endpoint": self.delivery != "batch",
                "size_limit": 100,
                "size_limit_bytes": 20_971_520,
                "scale_up_qsize_trigger": 1000,
                "scale_up_nthreads_limit": 16,
                "scale_down_nempty_trigger": 4,
            },
        }

    def take(self, run: dict[str, Any]) -> None:
        """Merge what came of a run with what came of it before."""
        with self._lock:
            kept = self._runs.setdefault(run["id"], {})
            kept.update({k: v for k, v in run.items() if v is not None})


class _Handler(BaseHTTPRequestHandler):
    """Serves one connection of a client."""

    stub: ClassVar[LangSmithServer]
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing on the terminal."""

    def do_GET(self) -> None:
        """Say what the server can do."""
        self._note()
        self._answer(200, self.stub.info())

    def do_POST(self) -> None:
        """Take new runs, one or many."""
        self._take()

    def do_PATCH(self) -> None:
        """Take what became of a run."""
        self._take()

    def _take(self) -> None:
        self._note()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        where, _, last = self.path.partition("/runs")
        if where or last not in {"", "/batch", "/multipart"}:
            runs: Iterable[dict[str, Any]] = [{**json.loads(body), "id": last[1:]}]
        elif last == "/batch":
            batch = json.loads(body)
            runs = [*(batch.get("post") or ()), *(batch.get("patch") or ())]
        elif last == "/multipart":
            runs = _parts(self._inflated(body), self.headers["Content-Type"])
        else:
            runs = [json.loads(body)]
        for run in runs:
            self.stub.take(run)
        self._answer(202, {})

    def _inflated(self, body: bytes) -> bytes:
        if self.headers.get("Content-Encoding") != "zstd":
            return body
        reader = zstandard.ZstdDecompressor().stream_reader(body)
        return reader.read()

    def _note(self) -> None:
        coding = self.headers.get("Content-Encoding", "")
        said = f"{self.command} {self.path} {coding}".rstrip()
        self.stub.requests.append(said)

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def _parts(body: bytes, content_type: str) -> Iterator[dict[str, Any]]:
    """Read the parts of a form: `post.<id>`, `post.<id>.inputs` and the like."""
    form = email.message_from_bytes(
        b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body
    )
    for part in form.walk():
        if not part.is_multipart():
            name = str(part.get_param("name", header="content-disposition"))
            _, run_id, *field = name.split(".")
            value = json.loads(_bytes(part))
            yield {"id": run_id, field[0]: value} if field else {**value, "id": run_id}


def _bytes(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


def _below(parent: str | None, runs: list[dict[str, Any]]) -> list[TracedRun]:
    """Return the runs below a parent, with all below them."""
    found = [run for run in runs if run.get("parent_run_id") == parent]
    return [_run(run, tuple(_below(run["id"], runs))) for run in found]


def _run(run: dict[str, Any], children: tuple[TracedRun, ...]) -> TracedRun:
    extra = run.get("extra") or {}
    return TracedRun(
        name=run["name"],
        run_type=run["run_type"],
        inputs=json.dumps(run.get("inputs")),
        outputs=json.dumps(run.get("outputs")),
        error=run.get("error"),
        metadata=extra.get("metadata") or {},
        invocation_params=extra.get("invocation_params") or {},
        tags=frozenset(run.get("tags") or ()),
        children=children,
    )
