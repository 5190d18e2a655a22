"""The graph: sources, what is derived, and how it is read."""
