"""The live page at `/`, and what it asks for."""
