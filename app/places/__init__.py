"""Places: municipalities, their towns and how far apart they are."""
