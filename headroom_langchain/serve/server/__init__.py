"""From settings to a running server: one process, or several over one socket."""
