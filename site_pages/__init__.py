"""Pages of the documentation site that are made by the build: from statements, tables, docstrings.

`hooks` is what mkdocs calls; every other module makes one section and can be read without mkdocs.
"""
