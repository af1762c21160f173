"""Series: festival editions, open-day weeks and programmes, and the visits that a steering group lets into them."""
