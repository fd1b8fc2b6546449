"""Reading and checking what the user writes."""
