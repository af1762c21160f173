"""What was agreed: one student, one host, some days; from the last yes to the last confirmed hour."""
