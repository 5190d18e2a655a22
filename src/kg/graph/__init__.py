"""The graph of a project.

In: Turtle, SSSOM and rules. Out: one store with a named graph for each source, and what supports each statement.
"""
