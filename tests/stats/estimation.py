"""Compares estimates of Allotment with those of numpy, scipy and statsmodels.

Reads a list of cases, each with its data and what Allotment made of it, from standard input. Prints what differs.
Exit: 0 all agree, 1 something differs.
"""

import json
import sys
from collections import Counter

import numpy as np
import statsmodels.api as sm
from scipy import optimize, stats

wrong = []
checked = Counter()


def near(what, ours, theirs, tolerance, scale=None):
    """Two numbers agree relative to `scale`, which is the number itself unless something else matters."""
    checked[what] += 1
    # Below 1e-290 doubles run out of digits, and p-values with them.
    bound = tolerance * (abs(theirs) if scale is None else abs(scale)) + 1e-300
    if isinstance(ours, str) or not abs(ours - theirs) <= bound:
        wrong.append(f"{what}: {ours!r} is not {theirs!r}")


def reason(what, ours, word):
    checked[what] += 1
    if not isinstance(ours, str) or word not in ours:
        wrong.append(f"{what}: {ours!r} should be undefined, with `{word}`")


class Arm:
    """A mean with its variance, degrees of freedom, and coefficients of what arms share."""

    def __init__(self, mean, variance, freedom, theta=()):
        self.mean, self.variance, self.freedom, self.theta = mean, variance, freedom, np.array(theta, dtype=float)


def variance_at(c, t, ratio, shared):
    """V(R), with the Satterthwaite degrees of freedom."""
    theta = t.theta - ratio * c.theta
    common = float(theta @ shared[0] @ theta) if len(theta) else 0.0
    parts = [(t.variance, t.freedom), (ratio**2 * c.variance, c.freedom), (common, shared[1])]
    total = sum(part for part, _ in parts)
    return total, total**2 / sum(part**2 / freedom for part, freedom in parts) if total > 0 else 0.0


def hypothesis(what, ours, value, c, t, ratio, shared, scale):
    total, freedom = variance_at(c, t, ratio, shared)
    if total <= 0:
        return reason(what, ours, "zero")
    se = np.sqrt(total)
    if isinstance(ours, str):
        return near(what, ours, value, 1e-10)
    near(what + " value", ours["value"], value, 1e-10, max(abs(value), se, scale))
    near(what + " se", ours["se"], se, 1e-10)
    near(what + " df", ours["df"], freedom, 1e-9)
    # The p-value of the same statistic: what the value lost to an offset in doubles is not held against it.
    statistic = ours["value"] / ours["se"]
    near(what + " p", ours["p"], 2 * stats.t.sf(abs(statistic), freedom), 1e-8)
    near(what + " above", ours["above"], stats.t.sf(statistic, freedom), 1e-8)


def compare(what, case, c, t, shared=(None, np.inf)):
    """All of a pair, by formulas of its own: Fieller's interval as roots of the equation that defines it."""
    ours, q, margin = case["ours"], case["q"], case["margin"]
    offset = 1e-5 * abs(c.mean)  # times 1e-10: what doubles keep of a mean
    hypothesis(what, ours["difference"], t.mean - c.mean, c, t, 1.0, shared, offset)
    for way, sign in (("more", 1), ("less", -1)):
        k = 1 - sign * margin * np.sign(c.mean)
        value = sign * (t.mean - k * c.mean)
        hypothesis(what + " margin", ours[way], value, c, t, k, shared, offset)
    if c.mean == 0:
        return reason(what, ours["lift"], "control mean")
    if variance_at(c, t, 1.0, shared)[0] <= 0:
        return reason(what, ours["relative"], "variance")
    ratio = t.mean / c.mean
    se = np.sqrt(variance_at(c, t, ratio, shared)[0]) / abs(c.mean)
    near(what + " lift", ours["lift"], (t.mean - c.mean) / abs(c.mean), 1e-10, max(abs(ratio - 1), se, 1e-5))
    near(what + " lift se", ours["lift_se"], se, 1e-10)
    shape = lambda r: (t.mean - r * c.mean) ** 2 - q**2 * variance_at(c, t, r, shared)[0]
    square = c.mean**2 - q**2 * (variance_at(c, Arm(0, 0, 1, 0 * t.theta), 1.0, shared)[0])
    if square <= 0:
        return reason(what + " relative", ours["relative"], "control mean")
    # Only where the roots are well apart from infinity can they be found by search.
    if square < 1e-3 * c.mean**2:
        return None
    step = q * se + 1e-9
    ends = []
    for way in (-1, 1):
        edge = step
        while shape(ratio + way * edge) < 0:
            edge *= 2
        ends.append(optimize.brentq(shape, ratio, ratio + way * edge, xtol=1e-15, rtol=1e-15, maxiter=1000))
    low, high = sorted(np.sign(c.mean) * (end - 1) for end in ends)
    near(what + " relative", ours["relative"][0], low, 1e-9, se + 1e-5)
    near(what + " relative", ours["relative"][1], high, 1e-9, se + 1e-5)
    return None


def plain(values):
    values = np.array(values)
    return Arm(values.mean(), values.var(ddof=1) / len(values), len(values) - 1)


def welch(case):
    c, t = (np.array(arm) for arm in case["arms"])
    compare("welch", case, plain(c), plain(t))
    if isinstance(case["ours"]["difference"], dict):
        peer = stats.ttest_ind(t, c, equal_var=False)
        near("ttest_ind df", case["ours"]["difference"]["df"], peer.df, 1e-9)
        if abs(c.mean()) < 1e4:
            near("ttest_ind p", case["ours"]["difference"]["p"], peer.pvalue, 1e-8)


def linearised(rows):
    rows = np.array(rows)
    ratio = rows[:, 0].sum() / rows[:, 1].sum()
    return ratio + (rows[:, 0] - ratio * rows[:, 1]) / rows[:, 1].mean()


def ratio(case):
    arms = []
    for rows in case["arms"]:
        n, d = np.array(rows).T
        r, cov = n.sum() / d.sum(), np.cov(n, d)
        variance = (cov[0, 0] - 2 * r * cov[0, 1] + r**2 * cov[1, 1]) / d.mean() ** 2 / len(n)
        arms.append(Arm(r, variance, len(n) - 1))
    compare("ratio", case, *arms)


def cuped(case):
    """Each arm by least squares, and all arms at once: the full regression with interactions has the same contrast."""
    skip = 2 if case["ratio"] else 1
    ys = [linearised(rows) if case["ratio"] else np.array(rows)[:, 0] for rows in case["arms"]]
    xs = [np.array(rows)[:, skip:] for rows in case["arms"]]
    everyone = np.vstack(xs)
    centre = everyone.mean(axis=0)
    arms = []
    for index, (y, x) in enumerate(zip(ys, xs)):
        fit = sm.OLS(y, sm.add_constant(x - centre)).fit()
        near("cuped mean", case["means"][index], fit.params[0], 1e-9)
        for ours, theirs in zip(case["thetas"][index], fit.params[1:], strict=True):
            near("cuped theta", ours, theirs, 1e-9, max(abs(fit.params[1:])))
        arms.append(Arm(fit.params[0], fit.mse_resid / len(y), len(y) - 1 - x.shape[1], fit.params[1:]))
    which = np.repeat(np.arange(len(ys)), [len(y) for y in ys])
    dummies = (which[:, None] == np.arange(1, len(ys))[None, :]).astype(float)
    off = everyone - centre
    design = np.hstack([np.ones((len(which), 1)), dummies, off] + [dummies[:, [k]] * off for k in range(dummies.shape[1])])
    full = sm.OLS(np.concatenate(ys), design).fit()
    near("full regression", case["ours"]["difference"]["value"], full.params[1], 1e-9, max(1.0, abs(full.params[1])))
    shared = np.atleast_2d(np.cov(everyone.T)) / len(everyone)
    compare("cuped", case, arms[0], arms[1], (shared, len(everyone) - 1))


def quantile(case):
    level, z = case["level"], stats.norm.ppf(0.975)
    firsts, events = np.array(case["firsts"]), np.concatenate([np.array(unit) for unit in case["units"]])

    def width(values, spread):
        low, high = np.quantile(values, [level - z * spread, level + z * spread])
        return (high - low) / (2 * z)

    near("quantile", case["plain"][0], np.quantile(firsts, level), 1e-12)
    near("quantile se", case["plain"][1], width(firsts, np.sqrt(level * (1 - level) / len(firsts))), 1e-9)
    at = np.quantile(events, level)
    near("clustered quantile", case["clustered"][0], at, 1e-12)
    rows = np.array([[sum(value <= at for value in unit), len(unit)] for unit in case["units"]], dtype=float)
    spread = np.sqrt(linearised(rows).var(ddof=1) / len(rows))
    near("clustered quantile se", case["clustered"][1], width(events, spread), 1e-9)
    near("cap", case["cap"], np.quantile(firsts, level), 1e-12)


def strata(case):
    sizes = np.array([[len(cell) for cell in arm] for arm in case["arms"]])
    weights, total = sizes.sum(axis=0) / sizes.sum(), sizes.sum()
    arms = []
    for arm in case["arms"]:
        means = np.array([np.mean(cell) for cell in arm])
        parts = weights**2 * np.array([np.var(cell, ddof=1) / len(cell) for cell in arm])
        freedom = parts.sum() ** 2 / sum(part**2 / (len(cell) - 1) for part, cell in zip(parts, arm))
        arms.append(Arm(weights @ means, parts.sum(), freedom, means - weights @ means))
    compare("strata", case, *arms, (np.diag(weights / (total - 1)), total - 1))


def interaction(case):
    """The saturated regression has the difference of differences; with HC2 its variance is the sum of the cells'."""
    y = np.concatenate(case["cells"])
    which = np.repeat(np.arange(4), [len(cell) for cell in case["cells"]])
    a, b = which % 2, which // 2
    fit = sm.OLS(y, np.column_stack([np.ones(len(y)), a, b, a * b])).fit(cov_type="HC2")
    near("interaction", case["ours"]["value"], fit.params[3], 1e-10, 1.0)
    near("interaction se", case["ours"]["se"], fit.bse[3], 1e-9)
    parts = [(np.var(cell, ddof=1) / len(cell), len(cell) - 1) for cell in case["cells"]]
    freedom = sum(part for part, _ in parts) ** 2 / sum(part**2 / degrees for part, degrees in parts)
    near("interaction df", case["ours"]["df"], freedom, 1e-9)
    near("interaction p", case["ours"]["p"], 2 * stats.t.sf(abs(case["ours"]["value"] / case["ours"]["se"]), freedom), 1e-8)


def tails(case):
    near("student", case["student"], stats.t.sf(case["t"], case["df"]), 1e-9)
    near("normal", case["normal"], stats.norm.sf(case["t"]), 1e-10)
    near("normal quantile", case["normal_quantile"], stats.norm.isf(case["tail"]), 1e-12)
    near("student quantile", case["student_quantile"], stats.t.isf(case["tail"], case["df"]), 1e-8)
    counts = np.array(case["counts"])
    peer = stats.chisquare(counts, counts.sum() * np.array([0.3, 0.3, 0.4]))
    near("chi-square", case["chi"][0], peer.statistic, 1e-10)
    near("chi-square p", case["chi"][1], peer.pvalue, 1e-9)


kinds = {check.__name__: check for check in (welch, ratio, cuped, quantile, strata, interaction, tails)}
cases = json.load(sys.stdin)
for number, case in enumerate(cases):
    before = len(wrong)
    kinds[case["kind"]](case)
    wrong[before:] = [f"case {number}, {case['kind']}: {words}" for words in wrong[before:]]
for words in wrong[:40]:
    print(words)
print(f"{len(cases)} cases, {sum(checked.values())} numbers compared, {len(wrong)} differ")
sys.exit(1 if wrong else 0)
