"""Skills: the curated vocabulary and the tables that hold it."""
