"""What heart, brainstem, immune system, mood and pain do: model statements and one engine.

A model is a table of quantities (`vagus/data/body/*.csv`) and a few equations; everything else is
made from that one statement: compiled code, LaTeX, parameter tables, the dimensional check, SBML.
"""
