"""What coordinators see of their territory: counts, companies that have gone silent, and what to do next."""
