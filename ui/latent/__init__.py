"""The linked maps of the codes, and the ways between two of them."""
