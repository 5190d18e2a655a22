"""Search, reconciliation, switches."""
