"""The paper's models and bounds: functions, distributions, latent codes, networks, models, objectives."""
