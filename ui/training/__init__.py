"""Training runs of visitors: started, watched, paused and resumed."""
