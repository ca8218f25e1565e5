"""Fitting a model, and finding out why a fit went wrong."""
