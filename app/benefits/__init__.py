"""What hosting students has brought a company in a school year."""
