"""Checks designs against scipy and statsmodels: lines of JSON with inputs and our answers come on standard input.

Exit: 0 all agree, 1 some do not, each of which is told on standard output.
"""

import json
import math
import sys

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln, logsumexp
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower

NODES, WEIGHTS = np.polynomial.legendre.leggauss(500)


def spent(family, parameter, alpha, sides, t):
    if t >= 1:
        return alpha
    one = alpha / sides
    return {
        "obf": lambda: sides * 2 * norm.sf(norm.isf(one / 2) / math.sqrt(t)),
        "pocock": lambda: alpha * math.log(1 + (math.e - 1) * t),
        "power": lambda: alpha * t**parameter,
        "hsd": lambda: alpha * math.expm1(-parameter * t) / math.expm1(-parameter),
    }[family]()


def bounds(case):
    """One Gauss-Legendre rule over the whole range between the bounds at each look, and Brent's method."""
    scores = masses = None
    used = before = 0.0
    sides, found = case["sides"], []
    looks = case["looks"]
    for index, (fraction, now) in enumerate(looks):
        last = index == len(looks) - 1
        target = case["alpha"] if last else spent(case["family"], case["parameter"], case["alpha"], sides, fraction)
        share, used = (target - used) / sides, target
        root, sd = math.sqrt(now), math.sqrt(now - before)
        if scores is None:
            critical = norm.isf(share)
        else:
            critical = brentq(
                lambda c: math.log(np.sum(masses * norm.sf((c * root - scores) / sd)) / share),
                -5,
                norm.isf(share) + 1e-6,
                xtol=1e-12,
            )
        found.append(critical)
        high = min(critical, 12) * root
        low = -high if sides == 2 else -9 * root
        nodes = (high - low) / 2 * NODES + (high + low) / 2
        if scores is None:
            density = norm.pdf(nodes, scale=root)
        else:
            density = norm.pdf(nodes[:, None] - scores[None, :], scale=sd) @ masses
        scores, masses, before = nodes, (high - low) / 2 * WEIGHTS * density, now
    return found


def log_evidence(case):
    counts, weights = np.array(case["counts"], float), np.array(case["weights"], float)
    shares, n, logs = weights / weights.sum(), counts.sum(), []
    for concentration in [1e1, 1e2, 1e3, 1e4, 1e5]:
        prior = concentration * shares
        logs.append(
            gammaln(concentration)
            - gammaln(concentration + n)
            + np.sum(gammaln(prior + counts) - gammaln(prior))
            - np.sum(counts * np.log(shares))
        )
    return [logsumexp(logs) - math.log(5)]


def sequence(case):
    alpha, n = case["alpha"], case["control"] + case["treatment"]
    square = n * (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / case["planned"]
    root = math.sqrt(square + 1)
    log = math.log(root / alpha) if case["sides"] == 2 else math.log1p(root / (2 * alpha))
    return [math.sqrt(2 * (square + 1) / square * log)]


def size(case):
    """The size by scipy's quantiles; the power at other units by statsmodels, or by scipy where the arms' variances differ."""
    one, ratio, delta = case["alpha"] / case["sides"], case["ratio"], case["delta"]
    control, treatment, units = case["control"], case["treatment"], case["units"]
    both = control / ratio + treatment
    n = ((norm.isf(one) + norm.ppf(case["power"])) / delta) ** 2 * both
    if control == treatment:
        effect = delta / math.sqrt(control)
        power = NormalIndPower().power(effect, units, one, ratio=ratio, alternative="larger")
    else:
        power = norm.sf(norm.isf(one) - delta / math.sqrt(both / units))
    return [n, float(power)]


def adjusted(case):
    return multipletests(case["p"], method=case["method"])[1].tolist()


# What checks each kind, and how near it must be: absolutely, and relatively.
KINDS = {
    "bounds": (bounds, 1e-6, 0),
    "evidence": (log_evidence, 1e-7, 0),
    "sequence": (sequence, 0, 1e-10),
    "size": (size, 0, 1e-9),
    "adjusted": (adjusted, 1e-12, 0),
}


def main():
    count = wrong = 0
    worst = dict.fromkeys(KINDS, 0.0)
    for line in sys.stdin:
        case = json.loads(line)
        compute, absolute, relative = KINDS[case["kind"]]
        theirs = compute(case)
        if len(theirs) != len(case["ours"]):
            print("lengths differ:", line)
            wrong += 1
        for ours, other in zip(case["ours"], theirs):
            count += 1
            off = abs(ours - other)
            worst[case["kind"]] = max(worst[case["kind"]], off if absolute else off / abs(other))
            if not off <= absolute + relative * abs(other):
                wrong += 1
                print(f"{ours} is not {other}: {line.strip()}")
    print(f"{count} numbers compared, {wrong} differ; the largest differences are", json.dumps(worst), file=sys.stderr)
    sys.exit(1 if wrong or not count else 0)


main()
