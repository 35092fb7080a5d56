"""Metering that can be trusted: what a meter says is chained and signed, and judged before anybody is billed for it."""
