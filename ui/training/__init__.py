"""Training runs of visitors: begun, watched, stopped and resumed."""
