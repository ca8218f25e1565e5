"""What the app and the papers ask of a trained model: one image, samples, maps, terms of a bound."""
