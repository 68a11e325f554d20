"""Compressors of HTML and XML."""
