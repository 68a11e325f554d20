"""Texts taken apart: records, log entries, passages; imports nothing of this package."""
