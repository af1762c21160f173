"""The vocabulary of skills, and occupations."""
