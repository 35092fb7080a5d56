"""The doors of the venue: pages, the JSON API and the command line."""
