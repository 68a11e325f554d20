"""What compression would do to conversations and files that somebody has."""
