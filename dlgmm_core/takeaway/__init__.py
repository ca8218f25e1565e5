"""A trained model as one HTML file that needs no server: the browser runs its encoder and its decoder."""
