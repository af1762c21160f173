"""Days off that only some people have: closing days of schools, and patron saints' days of municipalities."""
