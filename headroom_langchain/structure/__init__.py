"""Texts taken apart: records, log entries, passages."""
