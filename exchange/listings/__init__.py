"""Capacity that sellers offer."""
