"""How the database came to have the shape that it has, one step at a time."""
