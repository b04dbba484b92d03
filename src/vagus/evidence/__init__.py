"""Published trials as tables with provenance, effect sizes, and what pooling makes of them.

Nothing here knows of a simulator: evidence stands by itself, and trials are held against it.
"""
