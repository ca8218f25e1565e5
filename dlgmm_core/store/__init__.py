"""Files on disk: checkpoints, training histories, maps and locks."""
