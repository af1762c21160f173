"""What is kept about people: the map of it, its end, its export, notices, and whoever asks for any of these."""
