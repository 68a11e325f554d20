"""JSON: tables of records with what stands out, and trees."""
