"""One round of a stream: what the model said in it, put together from its events."""

from __future__ import annotations

from headroom_langchain.serve.wire.body import Json

_ARGUMENTS = "response.function_call_arguments"


class Round:
    """A round whose events come one by one."""

    def __init__(self) -> None:
        """Begin before the first event."""
        self.places: dict[int, int | None] = {}
        """For each item of the upstream its place in the answer; `None`: hidden."""
        self.response: Json = {}
        """How it ended."""
        self.failed = False
        """Whether it ended with an error."""
        self._begun: dict[int, Json] = {}
        self._finished: dict[int, Json] = {}
        self._written: dict[int, str] = {}

    def note(self, kind: str, index: int, data: Json) -> None:
        """Note an event of an item."""
        item = data.get("item")
        if kind == "response.output_item.added" and isinstance(item, dict):
            self._begun[index] = item
        elif kind == "response.output_item.done" and isinstance(item, dict):
            self._finished[index] = item
        elif kind == f"{_ARGUMENTS}.delta":
            piece = str(data.get("delta") or "")
            self._written[index] = self._written.get(index, "") + piece
        elif kind == f"{_ARGUMENTS}.done" and isinstance(data.get("arguments"), str):
            self._written[index] = data["arguments"]

    def end(self, response: Json) -> None:
        """Note how it ended."""
        self.response = response

    def content(self) -> list[Json]:
        """Return what the model said: finished items, and those that were cut off."""
        output = self.response.get("output")
        listed = [one for one in output if isinstance(one, dict)] if output else []
        places = sorted(self._begun.keys() | self._finished.keys())
        if not places:
            return listed
        by_id = {one["id"]: one for one in listed if one.get("id")}
        return [
            self._finished.get(place) or self._cut_off(place, by_id) for place in places
        ]

    def _cut_off(self, place: int, by_id: dict[str, Json]) -> Json:
        begun = self._begun[place]
        if (known := by_id.get(str(begun.get("id")))) is not None:
            return known
        written = self._written.get(place)
        return begun if written is None else {**begun, "arguments": written}
