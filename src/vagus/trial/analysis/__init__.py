"""Analysis of trials: plain arrays in, frozen results out.

Arms are numbered, 0 the control; every contrast is treated minus control. Nothing here knows of a
simulator, so published data can be analysed too.
"""
