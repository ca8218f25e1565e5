"""What each component of a mixture has found in the test set."""
