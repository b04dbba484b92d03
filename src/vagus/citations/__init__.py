"""What a study's run is built on, as works that can be cited."""

from vagus.citations.bibtex import bibtex
from vagus.citations.used import cite
from vagus.citations.works import Work

__all__ = ["Work", "bibtex", "cite"]
