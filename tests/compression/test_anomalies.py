"""What does not belong in an output is seen, wherever it stands."""

from __future__ import annotations

from random import Random

import pytest
from anomalies import INJECTORS, PHRASE, Anomaly
from real_outputs import OUTPUTS

from headroom_langchain import InMemoryCCRStore, compress_text

PLACES = 5
SHARE = 0.95


def _cases() -> list[tuple[str, Anomaly]]:
    return [
        (f"{kind}: {name}", inject(OUTPUTS[kind](), Random(f"{kind} {name} {place}")))  # noqa: S311 - a place, no secret
        for kind, injectors in INJECTORS.items()
        for name, inject in injectors.items()
        for place in range(PLACES)
    ]


def _shown(text: str) -> str:
    return compress_text(text, store=InMemoryCCRStore()).text


def test_anomalies_at_random_places_are_seen() -> None:
    """Of anomalies in outputs of all kinds, 95 in 100 are in the excerpt."""
    cases = _cases()
    missed = [what for what, case in cases if case.needle not in _shown(case.text)]
    assert len(missed) <= (1 - SHARE) * len(cases), missed


@pytest.mark.parametrize("kind", INJECTORS)
def test_an_error_is_seen_at_any_place(kind: str) -> None:
    """A line or value that tells of an error is never hidden."""
    inject = INJECTORS[kind]["error phrase"]
    for place in range(PLACES):
        case = inject(OUTPUTS[kind](), Random(place))  # noqa: S311 - likewise
        assert PHRASE in _shown(case.text)


@pytest.mark.parametrize("kind", OUTPUTS)
def test_an_output_is_shortened_a_lot(kind: str) -> None:
    """An output loses half of its tokens at least, so that seeing is no accident."""
    result = compress_text(OUTPUTS[kind](), store=InMemoryCCRStore())
    assert result.tokens_after < 0.5 * result.tokens_before
