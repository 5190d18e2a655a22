"""Releases.

In: the graph and the papers of a project. Out: dumps, tables, descriptions, checksums, and what changed between two.
"""
