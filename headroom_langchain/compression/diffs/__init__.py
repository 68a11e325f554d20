"""Diffs: what changed in which file."""
