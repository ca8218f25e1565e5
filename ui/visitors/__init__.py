"""Visitors: who is asking, and how much of the server each of them may use."""
