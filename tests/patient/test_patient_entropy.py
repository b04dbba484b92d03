"""Maximum-entropy weights: against closed forms, their own optimality, and targets out of reach."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from vagus.errors import InputError
from vagus.patient.entropy import effective_size, entropy_weights, unreachable


def test_die_of_jaynes() -> None:
    """A die whose mean is 4.5: w_j proportional to x^j with the x that Jaynes (1963) gives."""
    faces = np.arange(1, 7)
    found = entropy_weights((faces - 4.5)[:, None], 0.0, ["mean"])
    published = [0.05435, 0.07877, 0.11416, 0.16545, 0.23977, 0.34749]
    assert found.weight == pytest.approx(published, abs=6e-6)
    assert found.weight @ faces == pytest.approx(4.5, abs=1e-9)


def test_normal_patients_tilt_to_a_shifted_normal() -> None:
    """exp(lambda x) times a standard normal is a normal around lambda of variance 1."""
    x = np.random.default_rng(1).standard_normal(200_000)
    found = entropy_weights((x - 0.5)[:, None], 0.0, ["mean"])
    assert found.multipliers[0] == pytest.approx(0.5, abs=0.01)
    variance = found.weight @ (x - 0.5) ** 2
    assert variance == pytest.approx(1.0, abs=0.02)
    # Kish: n exp(-lambda^2) for such a tilt.
    assert found.effective / len(x) == pytest.approx(np.exp(-0.25), rel=0.02)


def test_tolerance_shares_the_miss_between_prior_and_target() -> None:
    """With a standard normal prior and tolerance s the mean is t / (1 + s^2), as for normals."""
    x = np.random.default_rng(2).standard_normal(200_000)
    found = entropy_weights((x - 0.6)[:, None], 1.0, ["mean"])
    assert found.weight @ x == pytest.approx(0.3, abs=0.01)


def test_agrees_with_a_general_optimiser() -> None:
    rng = np.random.default_rng(3)
    g, q = rng.normal(size=(12, 2)), rng.uniform(0.5, 1.5, 12)
    s = np.array([0.3, 0.5])
    q /= q.sum()

    def objective(logits: np.ndarray) -> float:
        w = np.exp(logits - logits.max())
        w /= w.sum()
        return float(w @ np.log(w / q) + 0.5 * np.sum((w @ g / s) ** 2))

    best = minimize(objective, np.log(q), tol=1e-14, method="BFGS", options={"gtol": 1e-9})
    w = np.exp(best.x - best.x.max())
    assert entropy_weights(g, s, ["a", "b"], q).weight == pytest.approx(w / w.sum(), abs=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_targets_inside_the_cloud_are_reached(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, k))
    inside = rng.dirichlet(np.ones(60)) @ x
    found = entropy_weights(x - inside, 0.0, [f"m{i}" for i in range(k)])
    assert np.abs(found.residuals).max() < 1e-6
    assert found.weight.sum() == pytest.approx(1)
    assert 1 <= found.effective <= 60 * (1 + 1e-12)


def test_the_target_out_of_reach_is_named() -> None:
    rng = np.random.default_rng(4)
    x = rng.uniform(0, 1, size=(100, 3))
    far = x - np.array([0.5, 1.2, 0.5])
    assert unreachable(far, ["baseline", "change", "SD"]) == ("change",)
    with pytest.raises(InputError, match="change"):
        entropy_weights(far, 0.0, ["baseline", "change", "SD"])
    soft = entropy_weights(far, [0.0, 0.1, 0.0], ["baseline", "change", "SD"])
    assert soft.residuals[1] < 0  # as near as it gets
    assert np.abs(soft.residuals[[0, 2]]).max() < 1e-6


def test_targets_that_contradict_each_other_are_both_named() -> None:
    x = np.random.default_rng(5).uniform(0, 1, size=50)
    both = np.stack([x - 0.3, x - 0.6], axis=1)
    assert set(unreachable(both, ["one trial", "another"])) == {"one trial", "another"}


@pytest.mark.parametrize(
    ("features", "tolerance", "field"),
    [
        (np.zeros((0, 1)), 0.0, "features"),
        ([[1.0], [np.nan]], 0.0, "features"),
        ([[1.0], [-1.0]], -1.0, "tolerance"),
    ],
)
def test_bad_input(features: object, tolerance: float, field: str) -> None:
    with pytest.raises(InputError, match=field):
        entropy_weights(features, tolerance, ["one"])  # type: ignore[arg-type]


def test_effective_size() -> None:
    assert effective_size(np.ones(7)) == pytest.approx(7)
    assert effective_size([1.0, 0.0, 0.0]) == pytest.approx(1)
