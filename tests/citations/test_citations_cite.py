"""What a study cites: what its run reads, and nothing that it does not."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from vagus.citations import Work, bibtex, cite
from vagus.citations.facts import ANATOMY, TARGETS, Facts, facts_of
from vagus.citations.works import works
from vagus.data import read_table
from vagus.report import trial_beside
from vagus.study import Study, load_study, parse_study

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "vagus"
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
MRG = {"McIntyre2002", "McIntyre2004", "Pena2024", "Musselman2021", "PyFibers"}
MEMBRANES = {
    "sundt": "Sundt2015", "tigerholm": "Tigerholm2014", "rattay": "RattayAberham1993",
    "schild94": "Schild1994", "schild97": "Schild1997",
}  # fmt: skip
CUFF = """
device: livanova-vns-therapy
stimulation: {current: 1.5 mA, pulse_width: 250 us, frequency: 20 Hz, duration: 4 weeks}
nerve: human-cervical-sub57
"""
NECK = """
device: gammacore
stimulation: {current: 30 mA, sessions_per_day: 3, duration: 12 weeks}
recruitment: prior
patient: {condition: migraine}
"""
TRIAL = """
trial:
  endpoint: migraine_days
  visits: [4 weeks, 8 weeks, 12 weeks]
  arms: {active: {role: active, n: 60}, sham: {role: sham, n: 60}}
"""


@cache
def cited(text: str) -> dict[str, Work]:
    return {work.key: work for work in cite(parse_study(text))}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_can_be_cited(path: Path) -> None:
    found = cite(load_study(path))
    keys = [work.key for work in found]
    assert keys == sorted(set(keys))
    assert all(work.used_for for work in found)
    assert {"vagus", "numpy"} <= set(keys)
    assert bibtex(found) == bibtex(cite(load_study(path)))


def test_a_prior_in_place_of_a_nerve_cites_no_fibre_model() -> None:
    found = cited(NECK)
    assert not {*MRG, *MEMBRANES.values(), "Pelot2020", "SPARC65", "shapely"} & set(found)
    assert {"Nonis2017", "Mourdoukoutas2018"} <= set(found)
    assert "body/recruitment_priors.csv (4 priors)" in found["Mourdoukoutas2018"].used_for
    assert found["gammaCoreIFU"].used_for[0].startswith("devices/devices.csv")


@pytest.mark.parametrize(("model", "key"), MEMBRANES.items())
def test_the_membrane_model_that_is_named_is_cited(model: str, key: str) -> None:
    found = cited(f"{CUFF}fibres: {{models: {{unmyelinated: {model}}}}}\n")
    assert f"membrane model {model}" in found[key].used_for
    others = {name for name, other in MEMBRANES.items() if other in found}
    assert others == {model} | ({"schild94"} if model == "schild97" else set())


def test_the_myelinated_models_and_the_cuff_are_those_of_the_study() -> None:
    usual = cited(CUFF)
    assert {"fibre model mrg-interpolation", "fibre model pena (small myelinated)"} <= {
        use for key in MRG for use in usual[key].used_for
    }
    only = cited(f"{CUFF}fibres: {{models: {{myelinated-small: mrg-interpolation}}}}\n")
    assert "Pelot2017" in usual
    assert "Pelot2017" not in only
    assert "field/cuffs.csv (38 dimensions)" in usual["ASCENT"].used_for


def test_no_patient_no_body() -> None:
    assert not {"Ursino1998", "HairerWanner1996", "Shapley1953", "sympy"} & set(cited(CUFF))
    treated = cited(f"{CUFF}patient: {{condition: rheumatoid-arthritis}}\n")
    assert {"Ursino1998", "HairerWanner1996", "Shapley1953", "Ma2020"} <= set(treated)
    assert "body/rodas4.csv (50 coefficients)" in treated["HairerWanner1996"].used_for


def test_the_condition_decides_whose_values_are_cited() -> None:
    assert "MenezesCosta2012" not in {
        key for key, work in cited(NECK).items() if "condition_values" in str(work.used_for)
    }
    back = cited(NECK.replace("migraine", "low-back-pain"))
    assert any("body/condition_values.csv" in use for use in back["MenezesCosta2012"].used_for)


def test_a_link_that_is_off_is_not_cited() -> None:
    on = cited(NECK)
    off = cited(f"{NECK}body: {{links: {{heart: off}}}}\n")
    assert "body/links.csv" in str(on["Wolf2021"].used_for)
    assert "body/links.csv" not in str(off.get("Wolf2021", ""))


def test_a_dose_of_endotoxin_cites_who_gave_it() -> None:
    assert "Suffredini1989" not in cited(NECK)
    assert "Suffredini1989" in cited(f"{NECK}body: {{lps: {{dose: 2 ng/kg}}}}\n")


def test_a_trial_cites_its_analysis_and_no_other() -> None:
    found = cited(NECK + TRIAL)
    assert {"Mallinckrodt2008", "FaiCornelius1996", "ICHE9R1", "McKay1979"} <= set(found)
    assert not {"VickersAltman2001", "Newcombe1998", "LanDeMets1983"} & set(found)
    other = cited(f"{NECK}{TRIAL}  analysis: ancova\n")
    assert "VickersAltman2001" in other
    assert "Mallinckrodt2008" not in other
    assert not {"McKay1979", "ICHE9R1"} & set(cited(NECK)), "a run without a trial"


@pytest.mark.parametrize(
    ("efficacy", "expected"),
    [
        ("lan-demets-obf", {"LanDeMets1983", "OBrienFleming1979"}),
        ("lan-demets-pocock", {"LanDeMets1983", "Pocock1977"}),
        ("obrien-fleming", {"OBrienFleming1979"}),
        ("pocock", {"Pocock1977"}),
    ],
)
def test_looks_cite_their_boundaries(efficacy: str, expected: set[str]) -> None:
    found = set(cited(f"{NECK}{TRIAL}  looks: {{information: [0.5, 1], efficacy: {efficacy}}}\n"))
    assert {"LanDeMets1983", "OBrienFleming1979", "Pocock1977"} & found == expected
    assert {"Armitage1969", "JennisonTurnbull2000"} <= found
    assert "Pampallona2001" not in found


def test_trials_that_calibrate_and_trials_beside_are_cited() -> None:
    found = cited(NECK + TRIAL)
    assert any("calibration trial" in use for use in found["Diener2019"].used_for)
    assert any("calibration trial" in use for use in found["Silberstein2016EVENT"].used_for)
    assert any("set beside" in use for use in found["Diener2019"].used_for)
    assert {"Jaynes1957", "Viechtbauer2005", "KnappHartung2003"} <= set(found)
    none = cited(NECK.replace("migraine", "neuropathic") + TRIAL.replace("migraine_days", "nrs"))
    assert not {"Jaynes1957", "KnappHartung2003"} & set(none), "no trial calibrates or compares"


def test_held_out_trials_are_cited_for_nothing_they_found() -> None:
    """Trials that are still to be predicted have no results here, and no study cites any."""
    held_out = {row["source_key"] for row in read_table("evidence/designs_to_predict.csv")}
    keys = {works()[key].key for key in held_out if key in works()}
    for path in EXAMPLES:
        for work in cite(load_study(path)):
            used = str(work.used_for)
            assert work.key not in keys or "result" not in used


def test_what_the_page_sets_beside_is_chosen_as_the_page_does() -> None:
    rows = read_table("citations/beside.csv")
    assert {r["condition"]: r["words"] for r in rows} == trial_beside.WORDS
    groups = {r["condition"]: tuple(r["groups"].split("; ")) for r in rows}
    assert groups == trial_beside.GROUPS
    endpoints = read_table("citations/endpoints.csv")
    outcomes = {r["endpoint"]: r["outcome"] for r in endpoints if r["outcome"]}
    assert outcomes == trial_beside.ENDPOINT


def test_parameters_of_endpoints_are_those_that_the_code_reads() -> None:
    text = (SOURCE / "patient/observables.py").read_text(encoding="utf-8")
    symbols = {row["symbol"] for row in read_table("patient/observation.csv")}
    rows = read_table("citations/endpoints.csv")
    listed = {symbol for row in rows for symbol in row["parameters"].split()}
    assert listed == symbols, "every row of observation.csv belongs to an endpoint"
    assert set(re.findall(r's\.of\("(\w+)"\)', text)) <= listed
    assert {r["endpoint"] for r in rows} == {
        r["key"] for r in read_table("patient/observables.csv")
    }


def test_rows_named_in_code_are_those_named_here() -> None:
    nerve = (SOURCE / "nerve/synthetic.py").read_text(encoding="utf-8")
    assert set(re.findall(r'"(AN\d+)"', nerve)) == set(ANATOMY)
    trial = [SOURCE / f"trial/{name}.py" for name in ("targets", "endpoint_scale")]
    found = {s for p in trial for s in re.findall(r'scoring\("(\w+)"\)', p.read_text("utf-8"))}
    assert found == set(TARGETS)


def test_every_tag_of_the_tables_is_one_that_runs_can_have() -> None:
    """A stage or a fact that some study has, or another command's name."""
    others = {
        "evidence", "score", "sensitivity", "credibility", "checklist", "screen", "validation",
        "field_check", "block", "sample_size", "imputation",
    }  # fmt: skip
    facts = [facts_of(load_study(path)) for path in EXAMPLES]
    stages = set().union(*(f.stages for f in facts), {"rescue", "looks", "futility"}, others)
    names = set().union(*(f.values for f in facts))
    rows = (*read_table("citations/tables.csv"), *read_table("citations/methods.csv"))
    for tag in (tag for row in rows for tag in row["when"].split()):
        assert tag.split(":")[0] in (names if ":" in tag else stages), tag
    for pair in (p for r in read_table("citations/tables.csv") for p in r["where"].split()):
        assert pair.split("=")[1] in names, pair


def test_methods_name_known_works_and_modules_that_exist() -> None:
    for row in read_table("citations/methods.csv"):
        assert set(row["works"].split()) <= set(works()), row
        path = SOURCE.parent / row["module"].replace(".", "/")
        assert path.is_dir() or path.with_suffix(".py").is_file(), row


def test_facts_choose_rows() -> None:
    facts = Facts(frozenset({"body"}), {"side": ("left",), "fibre": ("pena", "sundt")})
    assert facts.hold("trial body")
    assert facts.hold("fibre:sundt")
    assert not facts.hold("fibre:rattay trial")
    assert facts.meet({"side": "both", "models": "mrg pena"}, "side=side models=fibre")
    assert not facts.meet({"side": "right", "models": "all"}, "side=side models=fibre")
    assert not facts.meet({"cuff": "x"}, "cuff=cuff")
    assert facts.meet({"x": "y"}, "")


def test_imported_potentials_cite_no_tissue() -> None:
    study = parse_study(CUFF)
    imported = replace(study, field=study.field.model_copy(update={"potentials": Path("p.csv")}))
    found = {work.key for work in cite(imported)}
    assert not {"Weerasuriya1984", "PerssonStrang2004"} & found
    assert "McIntyre2002" in found


SPY = """
import sys
import vagus.data as data
seen, files = set(), data.files
class Folder:
    def __init__(self, package): self.folder = files(package)
    def joinpath(self, name): seen.add(name); return self.folder.joinpath(name)
data.files = Folder
from vagus.study import load_study
from vagus.virtual_trial import run_trial
run_trial(load_study(sys.argv[1]), sys.argv[2], replicates=20)
print("\\n".join(sorted(seen)))
"""


@pytest.mark.slow
def test_a_trial_reads_the_tables_that_it_cites_and_no_other_that_has_references(
    tmp_path: Path,
) -> None:
    """Beside the tables of published trials, which are always read whole to find their rows."""
    from vagus.citations.references import reference_columns

    path = ROOT / "examples" / "trial-small.yaml"
    done = subprocess.run(
        [sys.executable, "-c", SPY, str(path), str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    read = {name for name in done.stdout.split() if name.endswith(".csv")}
    read = {name for name in read if reference_columns(read_table(name)[0])}
    facts = facts_of(load_study(path))
    listed = {r["table"] for r in read_table("citations/tables.csv") if facts.hold(r["when"])}
    whole = {name for name in read if name.startswith("evidence/")}
    whole |= {"trial/designs.csv", "trial/design_arms.csv", "trial/scoring.csv"}
    assert read - listed <= whole
    assert listed - read <= {"body/links.csv"}, "which the page of `vagus run` shows"


def test_the_study_is_not_changed() -> None:
    study: Study = parse_study(NECK)
    before = repr(study)
    cite(study)
    assert repr(study) == before
