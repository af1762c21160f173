"""Which visits suit a class as a whole."""
