"""Students' profiles."""
