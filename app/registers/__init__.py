"""What a school hands on to public registers: who was placed where, for how many hours, at which hosts. Only out, never in."""
