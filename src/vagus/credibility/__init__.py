"""How far to believe a result: verification, provenance, sensitivity, applicability, rubrics."""
