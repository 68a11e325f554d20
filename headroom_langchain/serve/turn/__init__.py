"""One turn: a request, its rounds, and the one answer that its client sees."""
