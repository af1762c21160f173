"""Rankings; the only package that imports `matching`."""
