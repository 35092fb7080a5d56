"""The replay: real traces, read and planned as a market whose every assumption is stated.

This half is pure. Reading the files is its only input, and everything else follows from what they say, the
assumptions and a seed. Nothing here trades: `plan_market` says who would list and order what, and when.
"""
