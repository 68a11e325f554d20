"""What is to be done: the rules of a call, of a tool, of a message."""
