"""Analyses of a trained model: single images, samples, maps, the terms of a bound."""
