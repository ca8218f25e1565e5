"""The four models in pictures, and what the app holds."""
