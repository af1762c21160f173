"""What students have saved, and in which order they wish for it."""
