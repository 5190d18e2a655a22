"""Charts of answers, drawn on the server.

In: a sheet and the `chart:` entry of its question. Out: SVG, with its data in words.
"""
