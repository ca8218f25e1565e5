"""What is kept on disk: checkpoints, training histories, maps, and locks."""
