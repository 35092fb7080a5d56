"""The storefront: what a buyer sees, from the public market to orders, leases and money."""
