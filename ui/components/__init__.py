"""Samples of the components: live, retrained under other priors, and exported."""
