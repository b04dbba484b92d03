"""NEURON as the peer of `make bench` and the source of the trace fixtures in `tests/data/neuron`.

Runs under any Python that has the ``neuron`` wheel (and a C++ compiler for `nrnivmodl`), without
`vagus`. The membrane mechanisms, geometry and stimulation are written from the equations.
"""
