"""What the model is told when it asks for a part of an original."""
