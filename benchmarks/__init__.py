"""Measurements of this project's speed and memory."""
