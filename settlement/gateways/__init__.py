"""Gateways: how money comes in and goes out, by Stripe or by files of a bank."""
