"""Data sets: where their files come from, and what the models see of them."""
