"""A package, so that its modules and `upstreams` beside it are found by name."""
