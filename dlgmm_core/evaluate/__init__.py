"""Evaluation of a trained model: log-likelihood, nearest neighbours, use of its components."""
