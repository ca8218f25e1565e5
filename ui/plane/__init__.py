"""The page of codes of two numbers."""
