"""Who is calling: people with roles and memberships, sessions, and API keys."""
