"""Virtual patients: cohorts drawn from distributions, what they rate, and who enters a trial.

The body gives mean courses; patients differ, expect, drift and scatter from day to day. Selection
acts on noisy ratings, so that regression to the mean emerges and is nowhere added.
"""
