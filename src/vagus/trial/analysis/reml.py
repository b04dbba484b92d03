"""Restricted likelihood of y_i ~ N(X_i beta, Sigma) over visits, and its derivatives.

With W_i the inverse of Sigma over the visits that patient i has, A = sum X_i' W_i X_i and residuals
r_i, up to N - p observations less coefficients,

    l = -1/2 [(N - p) log 2 pi + sum log|Sigma_i| + log|A| + sum r_i' W_i r_i]

(Patterson & Thompson 1971, doi:10.1093/biomet/58.3.545; the definition of R's nlme and of SAS).
Sigma = sum theta_k G_k is linear in its elements, and with P = W - W X A^-1 X' W

    dl/dtheta_k = -1/2 tr(P G_k) + 1/2 y' P G_k P y
    expected information = 1/2 tr(P G_k P G_l)
    observed information = y' P G_k P G_l P y - 1/2 tr(P G_k P G_l)

(Jennrich & Schluchter 1986, doi:10.2307/2530695). No sum over patients is left: all come from the
sums of `patterns`. R replicates at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vagus.trial.analysis.contrast import Floats
from vagus.trial.analysis.patterns import Statistics, gram, over_patterns, place


@dataclass(frozen=True, eq=False)
class Point:
    """The likelihood at one Sigma. ``w`` [R, P, V, V] with zeros where a pattern lacks a visit;
    ``cov`` [R, p, p] = A^-1; ``beta`` [R, p]; ``rr`` [R, P, V, V] and ``rx`` [R, P, V, q]: sums of
    r r' and r x'; ``log_reml`` [R]."""

    w: Floats
    cov: Floats
    beta: Floats
    rr: Floats
    rx: Floats
    log_reml: Floats


def at_sigma(s: Statistics, sigma: Floats) -> Point:
    """The likelihood at ``sigma`` [R, V, V], positive definite."""
    both = s.seen[:, :, None] & s.seen[:, None, :]
    own = np.where(both, sigma[:, None], np.eye(sigma.shape[-1]) * ~s.seen[:, :, None])
    w = np.linalg.inv(own) * both
    a = gram(s, w)
    cov = np.linalg.inv(a)
    moment = (w @ s.yx).sum(axis=1).reshape(len(sigma), -1, 1)
    beta = (cov @ (s.expand.T @ moment))[..., 0] * s.kept
    rr, rx = residuals(s, beta)
    left = s.observations - s.kept.sum(axis=-1)
    log_reml = -0.5 * (
        left * np.log(2 * np.pi)
        + (s.count * np.linalg.slogdet(own)[1]).sum(axis=-1)
        + np.linalg.slogdet(a)[1]
        + (w * rr).sum(axis=(1, 2, 3))
    )
    return Point(
        w, np.asarray(cov, dtype=np.float64), beta, rr, rx, np.asarray(log_reml, dtype=np.float64)
    )


def residuals(s: Statistics, beta: Floats) -> tuple[Floats, Floats]:
    """[R, P, V, V] sums of r r' and [R, P, V, q] of r x' over what each pattern has."""
    b = (beta @ s.expand.T).reshape(len(beta), 1, s.seen.shape[1], -1)
    bx = b @ s.xx
    yb = s.yx @ b.swapaxes(-1, -2)
    both = s.seen[:, :, None] & s.seen[:, None, :]
    rr = s.yy - yb - yb.swapaxes(-1, -2) + bx @ b.swapaxes(-1, -2)
    return rr * both, (s.yx - bx) * s.seen[..., None]


def elements(visits: int) -> Floats:
    """[V V, K] columns vec(G_k): K = V (V + 1) / 2 elements of a symmetric matrix."""
    rows, cols = np.triu_indices(visits)
    g = np.zeros((visits, visits, len(rows)))
    k = np.arange(len(rows))
    g[rows, cols, k] = g[cols, rows, k] = 1
    return g.reshape(visits * visits, -1)


def gradient_matrix(s: Statistics, at: Point) -> Floats:
    """[R, V, V] U with dl = tr(U dSigma)."""
    u = at.w @ (at.rr + _leverage(s, at)) @ at.w - s.count[..., None, None] * at.w
    return np.asarray(0.5 * u.sum(axis=1))


def information(s: Statistics, at: Point) -> tuple[Floats, Floats]:
    """[R, K, K] expected and observed information of theta."""
    g = elements(s.seen.shape[1])
    traces = at.w @ _leverage(s, at) @ at.w
    plain = quadratic(at.w, s.count[..., None, None] * at.w - 2 * traces, g)
    d = slopes(s, at)
    r, k, p, _ = d.shape
    expected = 0.5 * (
        plain + d.reshape(r, k, p * p) @ d.swapaxes(-1, -2).reshape(r, k, p * p).swapaxes(1, 2)
    )
    # h_k = sum X' W G_k W r, all k at once
    v, q = s.seen.shape[1], s.xx.shape[-1]
    wide = over_patterns(at.w, at.w @ at.rx)  # [R, (v b), (a i)] = W[v, a] (W r x')[b, i]
    wide = wide.reshape(r, v, v, v, q).transpose(0, 1, 4, 3, 2).reshape(r, v * q, v * v)
    h = s.expand.T @ wide @ g
    twice = quadratic(at.w, at.w @ at.rr @ at.w, g) - h.swapaxes(1, 2) @ at.cov @ h
    return expected, twice - expected


def slopes(s: Statistics, at: Point) -> Floats:
    """[R, K, p, p] A^-1 X' W G_k W X, which times A^-1 is the slope of cov(beta)."""
    r, patterns, v, _ = at.w.shape
    g = elements(v)
    twice = np.einsum("rpva,rpbw->rpvwab", at.w, at.w).reshape(r, patterns, v * v, v * v) @ g
    m = twice.swapaxes(2, 3).reshape(r, patterns, -1, v)  # [R, P, (K v), w] = W G_k W
    b = over_patterns(m, s.xx).reshape(r, g.shape[1], v * s.xx.shape[-1], -1)
    return np.asarray(at.cov[:, None] @ place(s, b))


def _leverage(s: Statistics, at: Point) -> Floats:
    """[R, P, V, V] T with tr(A^-1 X' M X) = sum over patterns of tr(M T)."""
    r, patterns, v, _ = at.w.shape
    q = s.xx.shape[-1]
    cov = (at.cov * (s.kept[:, None] & s.kept[..., None])) if not s.kept.all() else at.cov
    full = cov if s.full else s.expand @ cov @ s.expand.T
    pairs = full.reshape(r, v, q, v, q).swapaxes(2, 3).reshape(r, v * v, q * q)
    t = s.xx.reshape(r, patterns, q * q) @ pairs.swapaxes(1, 2)
    return np.asarray(t.reshape(at.w.shape))


def quadratic(a: Floats, b: Floats, g: Floats) -> Floats:
    """[R, K, K] sum over patterns of tr(G_k a G_l b), made symmetric; a, b symmetric."""
    v = a.shape[-1]
    pairs = over_patterns(a, b)  # [R, (a b), (c d)] = a[a, c] b[b, d]
    found = g.T @ pairs.reshape(-1, v * v, v * v) @ g
    return np.asarray(0.5 * (found + found.swapaxes(1, 2)))
