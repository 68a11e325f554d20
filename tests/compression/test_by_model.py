"""What a model for prose leaves out, and what it never may."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from headroom_langchain.compression.excerpt import NOTHING_ASKED, Interest
from headroom_langchain.compression.prose.by_model import ProseByModel
from headroom_langchain.compression.prose.token_model import TokenModel
from headroom_langchain.compression.registry import _REGISTERED, read, register
from headroom_langchain.compression.sample import Sample
from headroom_langchain.errors import ConfigurationError

WORTH = {"[CLS]": 0.0, "[SEP]": 0.0, "[UNK]": 0.1, "marmot": 0.9, "sleeps": 0.8}
"""The words that the model knows, and what it makes of each."""

SENTENCE = "The marmot really quite often sleeps deep inside some little mountain. "


def write_tokenizer(folder: Path) -> None:
    """Write a tokenizer of whole words."""
    numbers = {word: at for at, word in enumerate(WORTH)}
    tokenizer = Tokenizer(WordLevel(numbers, unk_token="[UNK]"))  # noqa: S106 - a word, no password
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 0), ("[SEP]", 1)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))


def write_model(
    folder: Path,
    *,
    labels: int = 1,
    inputs: tuple[str, ...] = ("input_ids", "attention_mask"),
    output: str = "logits",
    flat: bool = False,
    name: str = "model.onnx",
) -> Path:
    """Write a model that looks up what each token is worth; the last label is kept."""
    table = np.zeros((len(WORTH), labels), dtype=np.float32)
    table[:, -1] = list(WORTH.values())
    shape = ["batch", "tokens"]
    scores = onnx.helper.make_node("Gather", ["table", inputs[0]], ["found"])
    last = onnx.helper.make_node(
        "Squeeze" if flat else "Identity", ["found", "axis"][: 1 + flat], [output]
    )
    graph = onnx.helper.make_graph(
        [scores, last],
        "worth",
        [
            onnx.helper.make_tensor_value_info(one, onnx.TensorProto.INT64, shape)
            for one in inputs
        ],
        [
            onnx.helper.make_tensor_value_info(
                output, onnx.TensorProto.FLOAT, shape if flat else [*shape, labels]
            )
        ],
        [
            onnx.numpy_helper.from_array(table, "table"),
            onnx.numpy_helper.from_array(np.array([2], dtype=np.int64), "axis"),
        ],
    )
    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9
    )
    (folder / name).parent.mkdir(exist_ok=True)
    onnx.save(model, str(folder / name))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model and its tokenizer."""
    made = tmp_path_factory.mktemp("model")
    write_tokenizer(made)
    return write_model(made)


def excerpt(compressor: ProseByModel, text: str, *words: str, budget: int = 40) -> str:
    """Compress a text, without the line that says what is done to it."""
    reading = compressor.read(text, Sample.of(text))
    assert reading is not None
    told = reading.excerpt(budget=budget, interest=Interest(arguments=words)).text
    return told.partition("\n")[2]


def test_words_worth_most_are_kept_in_order(folder: Path) -> None:
    """The words that the model finds worth most stay, in their order and line."""
    told = excerpt(ProseByModel(folder), f"{SENTENCE}\n" * 9, budget=60)
    lines = [line for line in told.split("\n") if line]
    assert lines
    assert all("marmot" in line and "sleeps" in line for line in lines)


@pytest.mark.parametrize(
    "kept",
    [
        "4711",
        "not",
        "isn't",
        "node_id",
        "fetchAll()",
        "`some code here`",
        "# A heading of words",
        "The port must be free.",
        "The default is green.",
        "    indented code stays",
        "| a | b |",
        "```\nfenced code stays\n```",
    ],
)
def test_some_words_are_never_left_out(folder: Path, kept: str) -> None:
    """Numbers, negations, names, code, headings and rules stay, whatever it scores."""
    text = f"{SENTENCE * 9}\n{kept}\n{SENTENCE * 9}"
    assert excerpt(ProseByModel(folder), text, budget=1) == kept


def test_what_was_asked_for_is_kept(folder: Path) -> None:
    """Words of the tool call stay."""
    text = SENTENCE * 9
    assert "mountain" not in excerpt(ProseByModel(folder), text, budget=1)
    assert "mountain" in excerpt(ProseByModel(folder), text, "mountain", budget=1)


def test_it_is_said_how_many_words_are_left_out(folder: Path) -> None:
    """The excerpt says that words are missing, and how many."""
    text = SENTENCE * 20
    reading = ProseByModel(folder).read(text, Sample.of(text))
    assert reading is not None
    told = reading.excerpt(budget=40, interest=NOTHING_ASKED)
    title, _, body = told.text.partition("\n")
    assert title == "[prose; words are left out inside the lines]"
    assert told.omitted == f"{220 - len(body.split())} of 220 words"


def test_keep_is_the_share_of_the_text(folder: Path) -> None:
    """`keep` sets the budget."""
    assert ProseByModel(folder, keep=0.25).budget(1000) == 250


@pytest.mark.parametrize("labels", [1, 2])
@pytest.mark.parametrize("window", [16, 512])
def test_windows_and_labels_make_no_difference(
    tmp_path: Path, folder: Path, labels: int, window: int
) -> None:
    """A text is judged alike in one window or many, by one label or two."""
    write_tokenizer(tmp_path)
    model = write_model(tmp_path, labels=labels)
    text = SENTENCE * 30
    other = ProseByModel(model, window=window, overlap=4)
    assert excerpt(other, text) == excerpt(ProseByModel(folder), text)


def test_every_token_is_scored(folder: Path) -> None:
    """The windows cover the text without a gap."""
    text = SENTENCE * 30
    scores = TokenModel(folder, window=20, overlap=6).scores(text)
    starts = sorted({score.start for score in scores})
    assert len(starts) == 12 * 30
    assert all(
        not text[one + 1 : two].strip(".") or two > one for one, two in pairwise(starts)
    )


def test_scores_of_shape_batch_and_tokens_are_read(tmp_path: Path) -> None:
    """A model that gives one score per token by the name Kompress uses is read."""
    write_tokenizer(tmp_path)
    write_model(tmp_path, flat=True, output="final_scores", name="onnx/model.onnx")
    found = TokenModel(tmp_path).scores("the marmot")
    assert [round(score.score, 2) for score in found] == [0.1, 0.9]


def test_threads_share_one_session(folder: Path) -> None:
    """Many threads at once get what one gets."""
    compressor = ProseByModel(folder)
    texts = [f"{SENTENCE}\n" * size for size in range(5, 25)]
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda text: excerpt(compressor, text), texts))
    assert told == [excerpt(ProseByModel(folder), text) for text in texts]


def test_a_registered_model_reads_prose(folder: Path) -> None:
    """Once registered, it is asked before the other compressors of documents."""
    text = "\n\n".join([SENTENCE * 4] * 20)
    register(ProseByModel(folder))
    try:
        found = read(text, Sample.of(text))
    finally:
        del _REGISTERED["prose"]
    assert found is not None
    assert found[0].kind == "prose"


@pytest.mark.parametrize("text", ["", " \n", "x" * 5000, "word " * 50_000])
def test_what_is_no_prose_is_left_to_others(folder: Path, text: str) -> None:
    """Texts without words, with endless ones, or too long ones are not read."""
    assert ProseByModel(folder).read(text, Sample.of(text)) is None


@given(st.text(alphabet=st.characters(codec=None), max_size=300))
@settings(deadline=None, max_examples=60)
def test_words_shown_are_words_of_the_text(folder: Path, text: str) -> None:
    """No text makes it fail, and what is shown are words of the text in order."""
    compressor = ProseByModel(folder)
    reading = compressor.read(text, Sample.of(text))
    if reading is not None:
        told = reading.excerpt(budget=5, interest=NOTHING_ASKED)
        words = iter(text.split())
        body = told.text.partition("\n")[2] if told.omitted else told.text
        assert all(word in words for word in body.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"keep": 0.0}, "keep=0.0 must be"),
        ({"keep": 1.5}, "keep=1.5 must be"),
        ({"window": 64, "overlap": 32}, "overlap=32 must be less than half"),
        ({"model_file": "other.onnx"}, "has no other.onnx"),
        ({"tokenizer": "/nowhere"}, "'/nowhere' has no tokenizer.json"),
    ],
)
def test_wrong_settings_are_named(
    folder: Path, arguments: dict[str, float | str], message: str
) -> None:
    """A setting that cannot work is refused at once."""
    with pytest.raises(ConfigurationError, match=message):
        ProseByModel(folder, **arguments)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"inputs": ("pixels",)}, r"takes \['pixels'\]"),
        ({"inputs": ("input_ids", "pixels")}, r"takes \['input_ids', 'pixels'\]"),
        ({"labels": 5}, r"shape \(1, 4, 5\) for 4 tokens; one score or two labels"),
    ],
)
def test_a_model_of_another_kind_is_refused(
    tmp_path: Path, wrong: dict[str, int], message: str
) -> None:
    """Wrong inputs and wrong numbers of labels are told, not guessed at."""
    write_tokenizer(tmp_path)
    model = TokenModel(write_model(tmp_path, **wrong))  # type: ignore[arg-type]  # by name
    with pytest.raises(ConfigurationError, match=message):
        model.scores("the marmot")


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_files_that_are_something_else_are_refused(tmp_path: Path, name: str) -> None:
    """A file that is no model or no tokenizer is named by `load`."""
    write_tokenizer(tmp_path)
    write_model(tmp_path)
    (tmp_path / name).write_text("{}")
    with pytest.raises(ConfigurationError, match=name):
        ProseByModel(tmp_path).load()


def test_nothing_is_downloaded_unless_asked() -> None:
    """The name of a repository is refused, and the remedy is named."""
    with pytest.raises(ConfigurationError, match="or download=True"):
        ProseByModel("someone/some-model")


def test_downloading_needs_the_hub_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without huggingface_hub, a download says what to install."""
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    compressor = ProseByModel("someone/some-model", download=True)
    with pytest.raises(ConfigurationError, match="pip install huggingface_hub"):
        compressor.load()


class Hub(BaseHTTPRequestHandler):
    """Serves the files of one folder as the hub does."""

    folder: Path

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Stay silent."""

    def _answer(self, *, with_body: bool) -> None:
        repository, _, name = self.path.partition("/resolve/main/")
        file = self.folder / name
        found = repository == "/someone/some-model" and file.is_file()
        body = file.read_bytes() if found else b"none"
        self.send_response(200 if found else 404)
        if not found:
            self.send_header("X-Error-Code", "EntryNotFound")
        self.send_header("ETag", f'"{hashlib.sha1(body).hexdigest()}"')  # noqa: S324 - as the hub does
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)


def test_a_model_is_fetched_when_asked(tmp_path: Path) -> None:
    """With `download`, the files come from the hub, whichever name the model has."""
    served = tmp_path / "served"
    served.mkdir()
    write_tokenizer(served)
    write_model(served, name="onnx/model.onnx")
    hub = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Served", (Hub,), {"folder": served})
    )
    thread = threading.Thread(target=hub.serve_forever)
    thread.start()
    program = (
        "from headroom_langchain.compression.prose.token_model import TokenModel\n"
        "model = TokenModel('someone/some-model', download=True)\n"
        "print([round(one.score, 1) for one in model.scores('the marmot')])"
    )
    place = {
        "HF_ENDPOINT": f"http://127.0.0.1:{hub.server_port}",
        "HF_HOME": str(tmp_path / "cache"),
    }
    try:
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, **place},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        hub.shutdown()
        thread.join()
        hub.server_close()
    assert done.stdout == "[0.1, 0.9]\n", done.stderr


def test_a_missing_extra_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without ONNX Runtime, the extra to install is named."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ConfigurationError, match=r"headroom-langchain\[prose\]"):
        ProseByModel(folder)
