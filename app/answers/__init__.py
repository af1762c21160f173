"""What a company says of its candidates: yes, maybe or no, each for one opportunity."""
