"""Embeddings that are small and real, and know a few synonyms."""

from __future__ import annotations

import hashlib

from langchain_core.embeddings import Embeddings

MEANINGS = {
    "outage": "failure",
    "crashed": "failure",
    "failed": "failure",
    "vehicle": "car",
    "automobile": "car",
}


class Trigrams(Embeddings):
    """Counts the trigrams of words, where synonyms are one word."""

    def __init__(self) -> None:
        """Remember nothing yet of what was embedded."""
        self.documents: list[list[str]] = []
        self.queries: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one vector for each text."""
        self.documents.append(texts)
        return [self._vector(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a query."""
        self.queries.append(text)
        return self._vector(text)

    def _vector(self, text: str) -> list[float]:
        vector = [0.0] * 256
        for word in text.lower().split():
            known = MEANINGS.get(word, word)
            weight = 6.0 if known in MEANINGS.values() else 0.3
            for at in range(max(1, len(known) - 2)):
                digest = hashlib.sha256(known[at : at + 3].encode()).digest()
                vector[digest[0]] += weight
        return vector
