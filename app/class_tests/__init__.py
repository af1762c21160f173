"""Days on which a class has a test."""
