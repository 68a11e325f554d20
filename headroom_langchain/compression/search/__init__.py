"""Search results and listings: what was found in which file, and what lies where."""
