"""What an order would get, answered without the writer."""
