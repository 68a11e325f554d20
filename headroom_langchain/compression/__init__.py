"""Text in, shorter text out; knows no messages and no store."""
