"""A call of a wrapped model, from its messages to the answer."""
