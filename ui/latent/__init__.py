"""The linked maps of the codes, and paths between two of them."""
