"""The steps themselves, each fit for the code before it and after it."""
