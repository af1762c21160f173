"""Companies and other host organisations: who they are, where they work and in which sector."""
