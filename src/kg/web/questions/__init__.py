"""Saved questions as pages and API."""
