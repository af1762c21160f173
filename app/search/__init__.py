"""One question to everything that the asker may see."""
