"""Calendars that people subscribe to, under secret addresses that they can take back."""
