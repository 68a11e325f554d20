"""Compression in agents and graphs, where everybody sees the retrievals."""
