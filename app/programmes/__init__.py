"""Programmes (study paths) with versions and validity, and the skills each year has met."""
