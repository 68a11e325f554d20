"""The rounds of one answer: what is hidden, what is seen, what is recorded."""
