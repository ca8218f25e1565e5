"""One digit: where it comes from, and what the models compute of it."""
