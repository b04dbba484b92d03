"""One made-up run for all tests of the report."""

from __future__ import annotations

import pytest
from report_samples import make_recruitment, make_report

from vagus.fibre.recruitment import Recruitment
from vagus.report.content import Report


@pytest.fixture(scope="session")
def recruitment() -> Recruitment:
    return make_recruitment()


@pytest.fixture(scope="session")
def report(recruitment: Recruitment) -> Report:
    return make_report(recruitment)
