"""Tables of neighbours and of recorded experiments."""
