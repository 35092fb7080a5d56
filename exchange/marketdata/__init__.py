"""What the market tells everybody: depth, bars and the index, worked out of what is public and by pure functions."""
