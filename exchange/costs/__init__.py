"""Costs: what the gateway takes for itself is the venue's cost, booked once for each line of the gateway's books."""
