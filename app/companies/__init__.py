"""Host organisations, their sites and their contacts."""
