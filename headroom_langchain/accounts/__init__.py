"""What calls sent, what they saved by it, and what that is in money."""
