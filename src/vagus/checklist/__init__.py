"""The minimum reporting items of transcutaneous stimulation, filled from a study file.

from vagus.checklist import tvns_checklist
print(tvns_checklist(vagus.load_study("study.yaml")).count_sentence())
"""

from __future__ import annotations

from vagus.checklist.fill import tvns_checklist
from vagus.checklist.items import Checklist, Item

__all__ = ["Checklist", "Item", "tvns_checklist"]
