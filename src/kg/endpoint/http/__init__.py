"""HTTP around the application."""
