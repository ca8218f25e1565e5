"""The paper in one sitting: functions, distributions, latent codes, networks, models, bounds."""
