"""Recommendations: staff of a school advises students to look at an opportunity."""
