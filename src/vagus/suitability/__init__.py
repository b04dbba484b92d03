"""Suitability: what labels say for stated facts, regulatory status, reported adverse events.

Nothing here judges whether a device suits anybody: it looks statements up, keeps their source,
region, date and mark, and says what is not known. A missing label is "unknown".
"""
