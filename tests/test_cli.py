"""The command line: results, units, errors, exit codes, and that it starts at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from vagus.cli import app
from vagus.errors import ConvergenceError, GeometryError, VagusError

EXAMPLES = Path(__file__).parents[1] / "examples"
SOURCE = Path(__file__).parents[1] / "src"
BESIDE = ["--distance", "500um", "--waveform", "monophasic", "--pulse-width", "100us"]
MRG = ["threshold", "--model", "mrg-interpolation", "--diameter", "10um", *BESIDE]
NEURON = ["--scheme", "neuron", "--dt", "5us", "--tolerance", "1e-4"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def document(*arguments: str) -> Any:
    """The JSON document that a command prints; stdout must hold nothing else."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def error(*arguments: str, code: int = 2) -> dict[str, Any]:
    """The error that a command prints as JSON; the same message stands on stderr, no traceback."""
    result = run(*arguments, "--json")
    assert result.exit_code == code
    found: dict[str, Any] = json.loads(result.stdout)["error"]
    assert found["exit_code"] == code
    assert str(found["message"]).split()[0] in result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    return found


def test_threshold_reproduces_neuron() -> None:
    """A row of the reference table: MRG 10 um, 51 nodes, 500 um, 100 us, NEURON with 5 us steps.

    NEURON's own bracket is (0.2276006, 0.2276202]; both searches stop within 1e-4.
    """
    found = document(*MRG, "--nodes", "51", "--conductivity", "1S/m", "--source", "point", *NEURON)
    assert set(found) == {"threshold_mA", "lower_mA", "upper_mA", "simulations", "scheme"}
    assert found["threshold_mA"] == pytest.approx(-0.2276201594620943, rel=2e-4)
    assert found["threshold_mA"] == found["upper_mA"] < found["lower_mA"] < 0
    assert found["upper_mA"] / found["lower_mA"] - 1 <= 1e-4
    assert found["scheme"] == "neuron"
    assert found["simulations"] > 0


@pytest.mark.parametrize(
    ("waveform", "expected_mA"),
    [
        (["monophasic", "--pulse-width", "100us"], -2.308370526123047),
        (["biphasic", "--pulse-width", "300 us"], -1.11263837890625),
        (["burst", "--carrier", "5kHz", "--cycles", "5"], -5.085036405944824),
    ],
)
def test_threshold_of_a_c_fibre_by_its_length(waveform: list[str], expected_mA: float) -> None:
    """Rows of the reference table: Sundt 0.8 um, 601 compartments, 250 um, tolerance 1e-3."""
    fibre = ["--model", "sundt", "--diameter", "0.8um", "--length", "5008.133um"]
    beside = ["--distance", "250um", "--tstop", "15ms", "--tolerance", "1e-3"]
    stepping = ["--scheme", "neuron", "--dt", "5us"]
    found = document("threshold", *fibre, *beside, *stepping, "--waveform", *waveform)
    assert found["threshold_mA"] == pytest.approx(expected_mA, rel=1.2e-3)


def test_length_and_nodes_may_be_given_together_if_they_agree() -> None:
    by_nodes = document(*MRG, "--nodes", "21")
    assert document(*MRG, "--nodes", "21", "--length", "22447um") == by_nodes
    assert error(*MRG, "--nodes", "51", "--length", "22447um")["field"] == "--length"


def test_units_are_read_not_assumed() -> None:
    plain = document(*MRG, "--nodes", "21")
    for same in (
        ["--diameter", "0.01 mm"],
        ["--distance", "0.5mm"],
        ["--conductivity", "10 mS/cm"],
    ):
        found = document(*MRG, "--nodes", "21", *same)["threshold_mA"]
        assert found == pytest.approx(plain["threshold_mA"], rel=1e-9)


def test_threshold_grows_with_conductivity_and_is_positive_if_anodic() -> None:
    """Potentials of a point source go with 1 / conductivity, so the threshold goes with it."""
    one, two = (
        document(*MRG, "--nodes", "21", "--tolerance", "1e-4", "--conductivity", sigma)
        for sigma in ("1S/m", "2S/m")
    )
    assert two["threshold_mA"] == pytest.approx(2 * one["threshold_mA"], rel=2.1e-4)
    assert document(*MRG, "--nodes", "21", "--anodic")["threshold_mA"] > -one["threshold_mA"]


@pytest.mark.parametrize(
    ("arguments", "field", "words"),
    [
        (["--diameter", "8.7 mA"], "--diameter", ["[current]", "[length]"]),
        (["--diameter", "8.7"], "--diameter", ["no unit", "8.7 um"]),
        (["--diameter", "-3um"], "--diameter", ["above 0"]),
        (["--diameter", "0um"], "--diameter", ["above 0"]),
        (["--diameter", "nan um"], "--diameter", ["number and its unit"]),
        (["--diameter", "40um"], "diameter", ["40"]),
        (["--distance", "0.5 parsecks"], "--distance", ["not a unit"]),
        (["--conductivity", "1 ohm"], "--conductivity", ["[current]", "[mass]"]),
        (["--dt", "0us", "--scheme", "neuron"], "--dt", ["above 0"]),
        (["--tolerance", "0"], "tolerance", ["1e-6"]),
        (["--model", "mrg-interpolaton"], "model", ["Did you mean mrg-interpolation"]),
        (["--waveform", "monofasic"], "--waveform", ["Did you mean `monophasic`"]),
        (["--scheme", "euler"], "--scheme", ["neuron"]),
        (["--source", "line"], "--source", ["point"]),
        (["--nodes", "3"], "nodes", ["5 or more"]),
        (["--tstop", "0.5ms"], "tstop", ["stimulus"]),
        (["--waveform", "burst", "--cycles", "0"], "cycles", ["1"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_bad_values_name_field_value_and_fix(
    arguments: list[str], field: str, words: list[str]
) -> None:
    found = error(*MRG, *arguments)
    assert field.strip("-") in found["field"]
    for word in words:
        assert word in found["message"]


def test_a_pulse_needs_a_width_and_a_burst_does_not() -> None:
    beside = ["--model", "pena", "--diameter", "2um", "--distance", "500um", "--nodes", "21"]
    assert error("threshold", *beside)["field"] == "--pulse-width"
    burst = run("threshold", *beside, "--waveform", "burst", "--pulse-width", "1us", "--json")
    assert burst.exit_code == 0
    assert "not used" in burst.stderr
    assert json.loads(burst.stdout)["threshold_mA"] < 0


def test_text_says_the_same_as_json() -> None:
    text = run(*MRG, "--nodes", "21").stdout
    assert f"{document(*MRG, '--nodes', '21')['threshold_mA']:.8g}" in text


def test_devices() -> None:
    listed = document("devices")
    assert {"livanova-vns-therapy", "setpoint", "gammacore", "nemos"} <= {d["key"] for d in listed}
    one = document("devices", "livanova")
    assert one["key"] == "livanova-vns-therapy"
    assert all(fact["source"] and fact["mark"] for fact in one["facts"])
    text = run("devices", "nurosym").stdout
    assert "unknown" in text
    assert "Did you mean" in error("devices", "livanva")["message"]
    assert all(d["key"] in run("devices").stdout for d in listed)


def test_nerve() -> None:
    library = document("nerve")
    assert "human-cervical-sub57" in library["nerves"]
    assert len(library["alternatives"]) > 1
    found = document("nerve", "human-cervical-sub57", "--count", "500", "--seed", "3")
    assert len(found["fascicles"]) == 3
    assert found["fibres"] == sum(group["fibres"] for group in found["groups"]) == 500
    own = ["nerve", str(EXAMPLES / "nerves" / "labels.tif"), "--scale", "5um", "--count", "50"]
    assert len(document(*own)["fascicles"]) == 6
    assert "6 fascicles" in run(*own).stdout
    assert error("nerve", "human-cervical-sub58")["field"] == "nerve"
    assert error("nerve", "human-cervical-sub57", "--count", "0")["field"] == "--count"
    assert error("nerve", own[1])["field"] == "--scale"
    assert error("nerve", "human-cervical-sub57", "--alternative", "x")["field"] == "alternative"


def test_check_shows_protocol_defaults_and_problems(tmp_path: Path) -> None:
    found = document("check", str(EXAMPLES / "livanova-cuff.yaml"))
    rows = {row["what"]: row["value"] for row in found["protocol"]}
    assert rows["current"] == "1.5 mA"
    assert any(d["field"] == "stimulation.waveform" for d in found["defaults"])
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "device: livanova\nstimulation: {current: 15 mA, pulse_width: 250 us, frequency: 20 s}\n"
        "nerve: human-cervical-sub57\n"
    )
    found = error("check", str(bad))
    assert len(found["errors"]) == 2
    assert all("line 2" in line for line in found["errors"])
    assert error("check", str(tmp_path / "none.yaml"))["type"] == "InputErrors"


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quick example with 12 fibres, in potentials of two point sources: no field to solve."""
    path = tmp_path_factory.mktemp("study") / "few.yaml"
    text = (EXAMPLES / "quick.yaml").read_text()
    path.write_text(text.replace("count: 200", "count: 12") + "field: {potentials: two.npz}\n")
    z_um = np.linspace(-30e3, 30e3, 601)
    distance_m = np.hypot(2e3, z_um - np.array([[4e3], [-4e3]])) * 1e-6
    potential = np.repeat((1 / (4 * np.pi * 0.5 * distance_m))[:, None], 12, axis=1)
    np.savez(path.with_name("two.npz"), z=z_um, potential=potential, contacts=["c", "a"])
    return path


@pytest.mark.parametrize(
    ("raised", "code", "words"),
    [
        (GeometryError("fascicles 1 and 2 overlap"), 3, "overlap"),
        (ConvergenceError("residual 1e-3 after 99 steps"), 4, "residual"),
        (VagusError("could not write"), 1, "could not write"),
        (OSError(28, "No space left on device", "fibres.parquet"), 1, "No space left on device"),
        (KeyboardInterrupt(), 130, "the same command goes on"),
    ],
)
def test_exit_codes(
    raised: BaseException,
    code: int,
    words: str,
    few: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr("vagus.pipeline.recruit", fail)
    found = error("recruit", str(few), "--out", str(tmp_path), code=code)
    assert words in found["message"]
    assert str(code) in run("--help").stdout


def test_usage_errors_exit_with_2() -> None:
    for arguments in (["threshold"], ["no-such-command"], ["devices", "--nope"], ["recruit"]):
        result = run(*arguments)
        assert result.exit_code == 2
        assert result.stdout == ""
        assert "Traceback" not in result.stderr


def test_recruit_writes_everything_and_goes_on_where_it_was(
    few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vagus.fibre.recruitment import Recruitment

    out = tmp_path / "out"
    # report and velocities have tests of their own, and the README's study is run with both
    monkeypatch.setattr("vagus.recruit_report.write_recruit_report", lambda run, *_: run.folder)
    monkeypatch.setattr("vagus.fibre.solve.interpolated_velocity", lambda _, d: np.ones(len(d)))
    first = document("recruit", str(few), "--out", str(out), "--workers", "1")
    assert first["fibres"] == 12
    assert json.loads((out / "summary.json").read_text())["fibres"] == 12
    found = Recruitment.from_parquet(out / "fibres.parquet")
    assert np.all(found.lower_mA < found.upper_mA)

    shards = sorted(out.rglob("*.npz"))
    assert shards
    monkeypatch.setattr("vagus.fibre.solve._Solver.thresholds", _not_again)
    second = run("recruit", str(few), "--out", str(out))
    assert second.exit_code == 0, second.stderr
    assert sorted(out.rglob("*.npz")) == shards
    assert "12 fibres at 1.5 mA" in second.stdout
    np.testing.assert_array_equal(
        Recruitment.from_parquet(out / "fibres.parquet").threshold_mA, found.threshold_mA
    )


def _not_again(*_: object) -> None:
    raise AssertionError("a finished batch was computed a second time")


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_finished(tmp_path: Path) -> None:
    """A real interrupt in the middle of a real run."""
    study = tmp_path / "study.yaml"
    text = (EXAMPLES / "quick.yaml").read_text()
    study.write_text(text.replace("count: 200", "count: 4000"))
    command = [sys.executable, "-m", "vagus.cli", "recruit", str(study), "--out", "out", "--json"]
    source = os.pathsep.join(filter(None, [str(SOURCE), os.environ.get("PYTHONPATH", "")]))
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": source},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a job started in the background inherits a deaf ear to Ctrl-C; a user's command does not
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while process.poll() is None and not list((tmp_path / "out").rglob("*.npz")):
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=300)
    assert process.returncode == 130, stderr
    assert json.loads(stdout)["error"]["exit_code"] == 130
    assert "goes on" in stderr
    assert "Traceback" not in stderr
    assert list((tmp_path / "out").rglob("*.npz"))


def test_help_and_version_load_nothing_heavy() -> None:
    """`vagus --help` must answer at once: none of the numerical libraries may be loaded for it."""
    code = (
        "import sys\nfrom vagus.cli import main\nsys.argv = ['vagus', '--help']\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "heavy = {'numpy', 'scipy', 'numba', 'pydantic', 'pint', 'matplotlib', 'pyarrow'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert run("--version").stdout.startswith("vagus 0.")
    for command in ("devices", "nerve", "threshold", "check", "recruit", "run", "validate"):
        assert command in done.stdout
        assert "Exit codes" in run(command, "--help").stdout
