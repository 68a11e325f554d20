"""Texts that people wrote, and texts that no other compressor understands."""
