"""The catalogue: what may be traded, where, and the public facts that prices, power and tax are worked out from.

It is reference data, read once from the tables in `reference/` and never changed while the venue runs. Nobody commands
it and nothing happens to it, so this room has none of the three files (commands, events, rules) that the others have.
Where each fact comes from, and how far to trust it, is in `reference/SOURCES.md`.

Everything is a whole number in the unit its name ends with: watts, milliseconds, grams per kWh, thousandths.
"""
