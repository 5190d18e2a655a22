"""Publications: passages, and the check of what is stated against a text."""
