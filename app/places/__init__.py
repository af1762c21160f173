"""Municipalities: where everything is."""
