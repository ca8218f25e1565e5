"""One digit: where it comes from, and all that the models say of it."""
