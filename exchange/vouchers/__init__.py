"""Compute vouchers (算力券): regions issue them, orders hold them, statements use them."""
