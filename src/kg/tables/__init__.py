"""Answers for people.

In: the solutions of a query. Out: a sheet with labels and titles, as CSV, XLSX, JSON, a terminal table or a chart.
"""
