"""Answers for people: sheets, files, charts."""
