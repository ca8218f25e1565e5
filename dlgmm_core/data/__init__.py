"""Data sets: where their files come from, and the binary images that models are trained on."""
