"""Rules of law as dated data, what they are held against, and what they find."""
