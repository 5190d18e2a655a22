"""Pages of things."""
