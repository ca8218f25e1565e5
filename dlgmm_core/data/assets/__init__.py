"""Files that the package ships: MNIST (see MNIST.md for its source and licence)."""
