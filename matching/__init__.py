"""The market: what sellers list, what buyers ask for, and how the two meet.

Knows no money account, clock or name.

Everything here is pure. `decide(market, seq, command)` reads the market and yields events; `evolve(market, event)`
is the only thing that changes it. Money is a plain integer per card-slot, time a plain integer slot.
"""
