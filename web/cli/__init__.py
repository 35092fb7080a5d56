"""The command line: a door like the API, for whoever runs a venue."""
