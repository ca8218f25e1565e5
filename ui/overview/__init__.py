"""The models in pictures, and the table of checkpoints."""
