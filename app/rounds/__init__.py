"""A round: classes wish, a program proposes who goes where, people decide and publish."""
