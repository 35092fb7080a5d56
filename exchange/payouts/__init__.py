"""Payouts: what a seller is owed and nothing holds back is set aside, carried out by the gateway, and booked."""
