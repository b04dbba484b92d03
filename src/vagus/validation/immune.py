"""Immune organ and disease activity beside published results: endotoxin, then stimulation."""

from __future__ import annotations

from vagus.validation import cytokines, suppression
from vagus.validation.comparison import Comparison

COMPARISONS: tuple[Comparison, ...] = cytokines.ROWS + suppression.ROWS
