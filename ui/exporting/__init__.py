"""Every figure as a picture, a table, and lines of Python."""
