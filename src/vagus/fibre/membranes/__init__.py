"""Membrane models of unmyelinated fibres (and of Sweeney's node): one module each."""

from vagus.fibre.membranes.registry import MEMBRANES, Membrane

__all__ = ["MEMBRANES", "Membrane"]
