"""Queries and their answers.

In: SPARQL, or a saved question with values. Out: a checked query, and its answer in a standard format or in Python.
"""
