"""Laws of namespaces: what was put in one is not found in another."""

from __future__ import annotations

from typing import Final

from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, Original
from headroom_langchain.testing.store_laws.content import AWKWARD_TEXTS
from headroom_langchain.testing.store_laws.law import StoreLaw, Trial, expect, law
from headroom_langchain.testing.store_laws.subject import Capability

NAMESPACES: Final = (
    DEFAULT_NAMESPACE,
    *AWKWARD_TEXTS,
    "tenant",
    "Tenant",
    "tenant/thread",
    "tenant.thread",
    "tenant:thread",
    "tenant/",
    "/tenant",
    "..",
    "../tenant",
    "tenan_",
    "tenan%",
    "tenant*",
    "long" * 100,
)
"""Namespaces that are easily taken for one another."""


@law()
async def keeps_namespaces_apart(trial: Trial) -> None:
    """What was put in one namespace is not found in another."""
    original = Original.of("text")
    async with trial.store() as store:
        for namespace in NAMESPACES:
            found = await store.get(original.key, namespace=namespace)
            expect(found is None, f"{namespace!r} found what another one has")
            await store.put(original, namespace=namespace)
            found = await store.get(original.key, namespace=namespace)
            expect(found == original, f"{namespace!r} lost its own")


@law()
async def has_an_original_of_its_own_in_each(trial: Trial) -> None:
    """The same content in two namespaces is two originals."""
    kinds = {place: str(number) for number, place in enumerate(NAMESPACES)}
    async with trial.store() as store:
        for place, kind in kinds.items():
            await store.put(Original.of("text", kind=kind), namespace=place)
        for place, kind in kinds.items():
            original = Original.of("text", kind=kind)
            found = await store.get_many([original.key], namespace=place)
            expect(
                dict(found) == {original.key: original},
                f"{place!r} found the original of another: {found!r}",
            )


@law(Capability.LISTING)
async def lists_one_namespace(trial: Trial) -> None:
    """The entries of a namespace are its own; without one they are all."""
    originals = {
        place: Original.of(f"in {number}") for number, place in enumerate(NAMESPACES)
    }
    async with trial.store() as store:
        for place, original in originals.items():
            await store.put(original, namespace=place)
        for place, original in originals.items():
            listed = await store.entries(namespace=place)
            expect(
                [(one.namespace, one.key) for one in listed] == [(place, original.key)],
                f"{place!r} lists {listed!r}",
            )
        listed = await store.entries()
        expect(
            {one.namespace: one.key for one in listed}
            == {place: original.key for place, original in originals.items()},
            "the entries of all namespaces are others",
        )


@law(Capability.FORGETTING)
async def forgets_in_one_namespace(trial: Trial) -> None:
    """What is deleted in one namespace stays in another."""
    original = Original.of("text")
    async with trial.store() as store:
        for place in ("one", "two"):
            await store.put(original, namespace=place)
        await store.delete_many([original.key], namespace="one")
        await store.delete_many([original.key])
        gone = await store.get(original.key, namespace="one")
        expect(gone is None, "it is still there")
        kept = await store.get(original.key, namespace="two")
        expect(kept == original, "it is gone from another namespace too")


LAWS: Final[tuple[StoreLaw, ...]] = (
    keeps_namespaces_apart,
    has_an_original_of_its_own_in_each,
    lists_one_namespace,
    forgets_in_one_namespace,
)
