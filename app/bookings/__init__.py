"""Sessions of visits and events, their seats, and who has booked them."""
