"""Settlement: what a delivered sum is worth to the buyer, the seller, the treasury and each region, to the fen."""
