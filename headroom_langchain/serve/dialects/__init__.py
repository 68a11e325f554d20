"""What differs between the protocols of providers."""
