"""Originals in stores that others have written."""
