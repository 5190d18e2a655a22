"""What must hold, and reports of what does not."""
