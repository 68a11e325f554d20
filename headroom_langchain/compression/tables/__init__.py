"""Tables: delimited values, boxes of databases, aligned output of commands."""
