"""The day of a visit and what comes of it: who came, what the school credits for it, and what people say of it."""
