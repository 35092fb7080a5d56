"""Chargebacks: what a buyer's bank takes back of a payment comes off that buyer's balance, and the venue bears the rest."""
