"""The Kumaraswamy bench."""
