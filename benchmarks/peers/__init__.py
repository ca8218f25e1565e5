"""Training steps of other libraries, beside this project's."""
