"""What buyers ask for, and the leases that they get."""
