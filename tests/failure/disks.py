"""Disks that are full or cannot be written: real ones, as far as rights allow."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

SMALL = 2**20
"""Bytes of the disk that `mounted` makes."""


def can_mount() -> bool:
    """Tell whether this process may make disks of its own."""
    if os.geteuid() != 0:
        return False
    try:
        _system("unshare", "--mount", "true")
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


@contextmanager
def mounted(folder: Path) -> Iterator[Path]:
    """Give a small disk of its own, in memory."""
    folder.mkdir()
    _system("mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        # Lazily: a test that failed may have left a file open.
        _system("umount", "--lazy", str(folder))


@contextmanager
def protectable(folder: Path) -> Iterator[Path]:
    """Give a folder that `read_only` can protect."""
    if can_mount():
        with mounted(folder):
            yield folder
        return
    if os.geteuid() == 0:
        pytest.skip("root may write where rights forbid it, and may not mount here")
    folder.mkdir()
    yield folder


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Fill the disk of a folder; at the end there is room again."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def no_file_grows(beyond: int) -> Iterator[None]:
    """Let no file of this process become larger than so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (beyond, before[1]))
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGXFSZ, handler)
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nothing in a folder be written; its files must be closed."""
    if os.path.ismount(folder):
        with _remounted(folder):
            yield
        return
    files = [folder, *folder.iterdir()]
    modes = [stat.S_IMODE(file.stat().st_mode) for file in files]
    for file, mode in zip(files, modes, strict=True):
        file.chmod(mode & ~0o222)
    try:
        yield
    finally:
        for file, mode in zip(files, modes, strict=True):
            file.chmod(mode)


@contextmanager
def _remounted(folder: Path) -> Iterator[None]:
    _system("mount", "-o", "remount,ro", str(folder))
    try:
        yield
    finally:
        _system("mount", "-o", "remount,rw", str(folder))


def _system(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
