"""Pair agreements between regions, as the venue knows them."""
