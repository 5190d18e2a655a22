"""What a query is, and what its answer looks like."""
