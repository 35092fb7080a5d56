"""The bodies of the API: what is read, strictly, and what is answered."""
