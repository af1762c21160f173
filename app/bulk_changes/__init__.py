"""What somebody does to several students at once, and ten minutes in which to undo it."""
