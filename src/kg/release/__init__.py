"""Dumps, descriptions and differences."""
