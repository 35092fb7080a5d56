"""A Stripe of our own: what the venue uses of it, behind the real library, with its rules and on demand its faults.

For tests and for the demo. It is not Stripe: `docs/payments.md` lists what a live account has yet to confirm.
"""
