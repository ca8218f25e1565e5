"""Training a model, and diagnosing a training run that failed."""
