"""Whether a company hosts in a school year: one question a year, and why not."""
