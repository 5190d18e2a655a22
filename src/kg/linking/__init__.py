"""Labels to candidates: one index and one scorer, of which `kg link`, `/reconcile` and `/search` are three faces."""
