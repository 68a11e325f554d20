"""A model that says of each token how much it is worth keeping.

It is a token classification model in the ONNX format with its tokenizer, such as
Kompress or LLMLingua-2, run on the CPU by ONNX Runtime with one thread, so that
the same text has the same scores every time. Nothing is downloaded unless asked.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from headroom_langchain.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

MODEL_FILES: Final = ("model.onnx", "onnx/model.onnx", "onnx/kompress-int8-wo.onnx")
"""Where the model is looked for, in this order."""
TOKENIZER_FILE: Final = "tokenizer.json"

_MODULES: Final = ("onnxruntime", "tokenizers", "numpy")
_INPUTS: Final = frozenset(("input_ids", "attention_mask", "token_type_ids"))
_OUTPUTS: Final = ("final_scores", "logits")
_MOST_LABELS: Final = 2
_PER_LABEL: Final = 3
_QUIET: Final = 3


class TokenScore(NamedTuple):
    """How much one token is worth keeping."""

    start: int
    stop: int
    score: float
    """Higher is more; comparable within one model only."""


class _Loaded(NamedTuple):
    tokenizer: Tokenizer
    session: InferenceSession
    inputs: dict[str, str]
    """The names of the inputs, and the types of numbers they take."""
    output: str


class TokenModel:
    """Scores the tokens of a text; loads the model at the first use."""

    def __init__(
        self,
        path: str | Path,
        *,
        tokenizer: str | Path | None = None,
        model_file: str | None = None,
        download: bool = False,
        window: int = 512,
        overlap: int = 64,
    ) -> None:
        """Say where the model is.

        Args:
            path: A folder, or with `download` the name of a repository on the
                Hugging Face hub.
            tokenizer: The same for `tokenizer.json`; `path` if not given.
            model_file: The file of the model inside `path`. The default looks for
                `model.onnx`, `onnx/model.onnx` and `onnx/kompress-int8-wo.onnx`.
            download: Fetch what is not here from the hub, at the first use.
            window: How many tokens the model sees at once.
            overlap: How many of them it has seen in the window before.

        Raises:
            ConfigurationError: A package or a file is missing, or the window
                leaves no room for new tokens.
        """
        missing = [name for name in _MODULES if find_spec(name) is None]
        if missing:
            msg = (
                f"a model for prose needs {', '.join(missing)}:"
                " pip install headroom-langchain[prose]"
            )
            raise ConfigurationError(msg)
        if not 0 <= overlap < window // 2:
            msg = f"overlap={overlap!r} must be less than half of window={window!r}"
            raise ConfigurationError(msg)
        self._model = _Source(path, (model_file,) if model_file else MODEL_FILES)
        self._tokenizer = _Source(path if tokenizer is None else tokenizer)
        self._download = download
        self._window = window
        self._overlap = overlap
        self._loaded: _Loaded | None = None
        self._lock = threading.Lock()
        if not download:
            self._model.find()
            self._tokenizer.find()

    def load(self) -> None:
        """Load the model now, and find out whether it fits.

        Raises:
            ConfigurationError: The model or its tokenizer cannot be read, or has
                other inputs or outputs than a token classification model.
        """
        self._load()

    def scores(self, text: str) -> list[TokenScore]:
        """Score the tokens of a text; those seen twice come twice.

        Args:
            text: Any text; lone surrogates count as question marks.

        Raises:
            ConfigurationError: As for `load`, or the model gives more than two
                labels for a token.
        """
        loaded = self._load()
        known = text.encode("utf-8", "replace").decode("utf-8")
        first = loaded.tokenizer.encode(known)
        return [
            TokenScore(start, stop, score)
            for window in (first, *first.overflowing)
            for (start, stop), special, score in zip(
                window.offsets,
                window.special_tokens_mask,
                self._run(loaded, window),
                strict=True,
            )
            if not special and stop > start
        ]

    def _load(self) -> _Loaded:
        with self._lock:
            if self._loaded is None:
                model = self._model.find(download=self._download)
                tokenizer = self._tokenizer.find(download=self._download)
                self._loaded = _Loaded(
                    _read_tokenizer(tokenizer, self._window, self._overlap),
                    *_read_model(model),
                )
            return self._loaded

    def _run(self, loaded: _Loaded, window: Encoding) -> Sequence[float]:
        import numpy as np

        values = {
            "input_ids": window.ids,
            "attention_mask": window.attention_mask,
            "token_type_ids": window.type_ids,
        }
        feed = {
            name: np.array([values[name]], dtype=kind)
            for name, kind in loaded.inputs.items()
        }
        try:
            found = loaded.session.run([loaded.output], feed)[0]
        except Exception as error:  # ONNX Runtime has an error for each fault
            msg = f"{self._model} cannot run on {len(window.ids)} tokens: {error}"
            raise ConfigurationError(msg) from error
        scores = _worth(np.asarray(found, dtype=np.float32), len(window.ids))
        return [float(score) for score in np.nan_to_num(scores)]


class _Source(NamedTuple):
    """One file of a model, and where it is."""

    path: str | Path
    names: tuple[str, ...] = (TOKENIZER_FILE,)

    def find(self, *, download: bool = False) -> Path:
        """Return where the file is, after downloading it if that is wanted."""
        folder = Path(self.path).expanduser()
        for name in self.names:
            if (folder / name).is_file():
                return folder / name
        if download and not folder.exists():
            return self._fetch()
        remedy = "give the folder that has it"
        if not folder.exists():
            remedy += ", or download=True if it is a name on the Hugging Face hub"
        msg = f"{str(self.path)!r} has no {' or '.join(self.names)}: {remedy}"
        raise ConfigurationError(msg)

    def _fetch(self) -> Path:
        try:
            from huggingface_hub import hf_hub_download
            from huggingface_hub.errors import EntryNotFoundError
        except ImportError as error:
            msg = (
                f"downloading {str(self.path)!r} needs huggingface_hub: pip install"
                " huggingface_hub, or give a folder that has the files"
            )
            raise ConfigurationError(msg) from error
        for name in self.names:
            try:
                return Path(hf_hub_download(str(self.path), name))
            except EntryNotFoundError:
                continue
            except Exception as error:  # the hub, the network, or the disk
                msg = f"{name} of {str(self.path)!r} cannot be downloaded: {error}"
                raise ConfigurationError(msg) from error
        msg = f"{str(self.path)!r} on the hub has no {' or '.join(self.names)}"
        raise ConfigurationError(msg)

    def __str__(self) -> str:
        """Return the place."""
        return repr(str(self.path))


def _read_tokenizer(path: Path, window: int, overlap: int) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises nothing more precise
        msg = f"{str(path)!r} is no tokenizer of the tokenizers library: {error}"
        raise ConfigurationError(msg) from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(window, stride=overlap)
    return tokenizer


def _read_model(path: Path) -> tuple[InferenceSession, dict[str, str], str]:
    """Build the session, and return it with its inputs and the output to read."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _QUIET
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # ONNX Runtime has an error for each fault
        msg = f"{str(path)!r} is no model that ONNX Runtime can load: {error}"
        raise ConfigurationError(msg) from error
    inputs = {one.name: _number_type(one.type) for one in session.get_inputs()}
    if "input_ids" not in inputs or not _INPUTS.issuperset(inputs):
        msg = (
            f"{str(path)!r} takes {sorted(inputs)}, a token classification model takes"
            " input_ids and at most attention_mask and token_type_ids"
        )
        raise ConfigurationError(msg)
    names = [one.name for one in session.get_outputs()]
    output = next((name for name in _OUTPUTS if name in names), names[0])
    if len(names) > 1 and output not in _OUTPUTS:
        msg = f"{str(path)!r} gives {names}; one of {list(_OUTPUTS)} is needed"
        raise ConfigurationError(msg)
    return session, inputs, output


def _number_type(kind: str) -> str:
    return "int32" if kind == "tensor(int32)" else "int64"


def _worth(found: NDArray[float32], tokens: int) -> NDArray[float32]:
    """Return one score per token from what the model gave for one window.

    Scores are only compared, so the difference of two labels does for their
    probability.
    """
    labels = found.shape[-1] if found.ndim == _PER_LABEL else 1
    if found.shape[:2] != (1, tokens) or labels not in range(1, _MOST_LABELS + 1):
        msg = (
            f"the model gives an output of shape {found.shape} for {tokens} tokens; one"
            " score or two labels (leave out, keep) per token are needed"
        )
        raise ConfigurationError(msg)
    kept: NDArray[float32] = found.reshape(tokens, labels)[:, -1]
    if labels == _MOST_LABELS:
        kept = kept - found[0, :, 0]
    return kept
