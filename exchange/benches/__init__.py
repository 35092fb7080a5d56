"""Loads for the matcher, and what is measured of it under them: see `matching`."""
