"""What is done to messages: found, decided, replaced."""
