"""Schools, their sites and their classes."""
