"""Logs and output of commands: each failure once, repeats counted."""
