"""Bottega: the service. Knows people, pages and tables; leaves ranking and assignment to `matching`."""
