"""What happened, who did it, and in which request: append-only."""
