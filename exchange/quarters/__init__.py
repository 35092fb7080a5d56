"""A pair's quarter after its months are closed: what its regions agree to, and what is recognised."""
