"""Virtual trials: a design with its estimand, its conduct, its analysis, and a score.

A trial simulated here is analysed as a published one would be, and is held against it.
"""
