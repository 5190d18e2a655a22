"""Links to other vocabularies.

In: ESCO and code lists as CSV, or a text. Out: Turtle or N-Quads, and candidates with a score.
"""
