"""The glossary: terms that its page lists and tooltips explain."""
