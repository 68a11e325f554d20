"""Stores of originals."""
