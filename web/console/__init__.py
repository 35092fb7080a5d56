"""The listing console: what a seller offers, has sold, reports and is paid."""
