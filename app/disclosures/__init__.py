"""Requests for a name: a company asks, student and school answer, and either may take it back."""
