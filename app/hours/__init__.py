"""From the first day at the host to the last counted hour: who was there, what was learnt, and what it adds up to."""
