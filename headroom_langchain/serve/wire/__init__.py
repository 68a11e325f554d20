"""Bytes of HTTP taken apart and put together again, without any I/O."""
