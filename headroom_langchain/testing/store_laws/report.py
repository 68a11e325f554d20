"""What came of looking at a store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from headroom_langchain.testing.store_laws.handle import Face
from headroom_langchain.testing.store_laws.law import StoreLaw
from headroom_langchain.testing.store_laws.subject import Capability


class Outcome(StrEnum):
    """What came of one law."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class LawResult:
    """What came of one law on one face of the store."""

    law: StoreLaw
    face: Face
    outcome: Outcome
    reason: str = ""
    """Why it failed or was skipped."""
    error: BaseException | None = None
    """What was raised, if it failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreReport:
    """What came of all laws; `str` of it is for reading."""

    store: str
    """Its name."""
    supports: frozenset[Capability]
    """What at least one law must have looked at."""
    results: tuple[LawResult, ...]

    @property
    def passed(self) -> bool:
        """Whether laws ran, for all that the store can do, and none was broken."""
        return not any(self.failures)

    @property
    def failures(self) -> tuple[str, ...]:
        """What is wrong, a line each: broken laws, and what no law looked at."""
        return tuple(self._failures())

    def only(self, outcome: Outcome) -> tuple[LawResult, ...]:
        """Return the results with this outcome."""
        return tuple(one for one in self.results if one.outcome is outcome)

    def raise_for_failures(self) -> None:
        """Raise `AssertionError` with the report unless the store passed."""
        if self.passed:
            return
        errors = [one.error for one in self.only(Outcome.FAILED)]
        raise AssertionError(str(self)) from next(iter(errors), None)

    def __str__(self) -> str:
        """Return what is wrong, then what came of each law."""
        counts = ", ".join(f"{len(self.only(one))} {one}" for one in Outcome)
        wrong = [f"  wrong: {failure}" for failure in self.failures]
        return "\n".join([f"{self.store}: {counts}", *wrong, *self._lines()])

    def _lines(self) -> list[str]:
        """Return a line for each law and outcome, with the faces that have it."""
        faces: dict[tuple[str, Outcome, str], list[Face]] = {}
        for one in self.results:
            reason = one.reason if one.outcome is Outcome.SKIPPED else ""
            same = (str(one.law), one.outcome, reason)
            faces.setdefault(same, []).append(one.face)
        return [
            f"  {outcome:7} {law} ({', '.join(on)}){reason and f', {reason}'}"
            for (law, outcome, reason), on in faces.items()
        ]

    def _failures(self) -> Iterator[str]:
        ran = [one for one in self.results if one.outcome is not Outcome.SKIPPED]
        if not ran:
            yield "no law ran"
        looked_at = frozenset[Capability]().union(*(one.law.needs for one in ran))
        for capability in sorted(self.supports - looked_at):
            yield f"the store supports {capability}, and no law of it ran"
        for one in self.only(Outcome.FAILED):
            yield f"{one.law} ({one.face}): {one.law.says} Here {one.reason}"
