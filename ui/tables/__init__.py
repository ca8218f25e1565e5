"""Tables of kNN errors, of likelihoods and of recorded experiments."""
