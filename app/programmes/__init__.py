"""Study paths, and the skills that each year of them brings."""
