"""How good a trained model is: log-likelihood, nearest neighbours, use of its components."""
