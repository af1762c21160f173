"""Inviting colleagues, companies and coordinators to an account."""
