"""The tables of the venue, a file for each noun: see `every.py`."""
