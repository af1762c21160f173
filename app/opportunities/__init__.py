"""Internships, visits and training paths."""
