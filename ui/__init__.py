"""What the app's pages share: cached loading, figures, widgets and background jobs."""
