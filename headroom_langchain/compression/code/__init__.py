"""Source code: signatures, types, constants and what can go wrong; bodies counted."""
