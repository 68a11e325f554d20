"""What makes compression reversible: markers, stores, retrieval, rounds."""
