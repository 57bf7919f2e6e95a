"""``saturated_activation``: units held where their function is flat. A rule: pure."""

from __future__ import annotations

from collections.abc import Sequence

from rectifier import analysis
from rectifier.doctor import evidence
from rectifier.doctor.deadness import can_die
from rectifier.doctor.drawn import LARGE, drawn_in, gain_of
from rectifier.doctor.finding import Finding, Remedy, Severity
from rectifier.doctor.outputs import NOTHING, is_output, passes
from rectifier.doctor.rates import LARGE_UPDATE, lower
from rectifier.doctor.rule import Rule
from rectifier.doctor.slopes import FROM_THE_START, flat_at_first, is_bounded
from rectifier.doctor.wording import number, of_norm, percent, place
from rectifier.errors import UnknownNameError
from rectifier.watch.record import Record, SiteRecord

LASTING = 0.8
"""Share over the run at which hardly any gradient gets through."""

FAR = 4.0
"""Standard deviation of attention's scores when first seen, from which its softmax mixes little:
the largest of eight normal ones gets four fifths in the median, a third if they spread by one."""

LEARNT = 0.1
"""Loss over its start from which attention has learnt what it should, however it began."""

FITTED = 0.01
"""Loss over its start at which a network has learnt whatever its units do."""


def _in_vain(site: SiteRecord, loss: evidence.Loss) -> bool:
    """Whether an output is sure without having learnt anything: no gradient passes, no loss fell.

    It must be so within the first steps and to the last: a steepness, or weights, too large for the
    function's slope.
    """
    return evidence.stuck(loss) and passes(site) <= NOTHING


def _fades(site: SiteRecord) -> bool:
    """Whether it is a smooth function whose slope fades on one side alone, as that of GELU does.

    Of inputs of unit scale hardly any lies there; units that start there get next to no gradient,
    though they never count as dead.
    """
    try:
        smooth = analysis.smoothness(site.function) >= 1
    except UnknownNameError:
        return False
    return smooth and not is_bounded(site) and not can_die(site)


def _switches(record: Record, loss: evidence.Loss) -> bool:
    """Whether the hidden units were drawn as switches and stayed such: then little but the last
    layer learns.

    Each hidden site is bounded, stands behind weights drawn far too large, and is saturated by half
    at the first steps and over the run; the layer that the data enter, of few inputs, need not be.
    That the loss falls does not clear it: a last layer fits the training data on features that
    nothing taught. Unless it fell to a hundredth; but one of derivatives starts as high as such
    weights make it, so that its fall says nothing.
    """
    hidden = [site for site in record.sites if not is_output(record, site)]
    fed = {feed.layer for feed in record.circumstances.feeds}
    hidden = [site for site in hidden if site.layer not in fed] or hidden
    fitted = loss.end <= FITTED * loss.start and not record.circumstances.second_order
    large = {p.layer for p in drawn_in(record) if gain_of(p) >= LARGE}
    return (
        bool(hidden)
        and not fitted
        and all(
            is_bounded(site)
            and site.layer in large
            and evidence.median(site.series.saturated[:5]) >= FROM_THE_START
            and evidence.median(site.series.saturated) >= FROM_THE_START
            for site in hidden
        )
    )


def _of_attention(record: Record, loss: evidence.Loss) -> list[Finding]:
    """Scores that spread so far from the start that each row is one place's alone.

    Products of vectors of width d spread by the root of d, which they are divided by (Vaswani et
    al. 2017, section 3.2.1); what is learnt may become as sharp later.
    """
    known = [a for a in record.circumstances.attentions if a.spread >= FAR and a.step == 0]
    if not known or not loss.known or not loss.end > LEARNT * loss.start > 0:
        return []
    most = max(known, key=lambda item: item.spread)
    return [
        Finding(
            rule="saturated_activation",
            severity="error" if evidence.stuck(loss) else "warning",
            cause=(
                f"The scores that attention's softmax is given behind {most.layer!r} spread by "
                f"{number(most.spread)} from the start, where one is due: each row goes to one of "
                f"{most.width} places, and hardly any gradient to the rest. Products of vectors "
                "spread by the root of their width, which they are to be divided by."
            ),
            layer=most.layer,
            evidence={"score_std": most.spread, "width": float(most.width)},
            also=tuple(dict.fromkeys(a.layer for a in known if a.layer != most.layer)),
            remedies=(
                Remedy(
                    "insert_normalization",
                    "Scores that spread by one let each place have its say.",
                    {"how": "scores", "spread": float(f"{most.spread:.2g}"), "far": FAR / 2},
                    {"layers": list(dict.fromkeys(a.layer for a in known))},
                ),
            ),
        )
    ]


def _why(site: SiteRecord) -> str:
    series = site.series
    mean, spread = evidence.median(series.input_mean[:3]), evidence.median(series.input_std[:3])
    bias = evidence.median(series.bias_median[:1])
    if abs(bias) >= 2 * spread and abs(bias) >= 3:
        return f"the biases start at {number(bias)} (median), beyond the spread of what is added"
    if abs(mean) >= 2 * spread:
        return f"what enters lies at {number(mean)} ± {number(spread)} from the start"
    return f"what enters spreads over ± {number(spread)} at the start, far beyond the slope's width"


def _when(site: SiteRecord) -> int:
    """First observed step at which half of the elements were saturated."""
    over = site.series.saturated >= FROM_THE_START
    return int(site.series.step[int(over.argmax())]) if over.any() else 0


def check(record: Record) -> Sequence[Finding]:
    """Activations (sigmoid, tanh) most of whose elements lie where the slope is under 1 %.

    For inputs of unit scale, as initialisations aim at, 0.3 % of a tanh's elements do. A site
    counts if half of its elements are saturated at the first step and those after it, or four
    fifths over the run, and the loss shows it: ``error`` where it stayed near its start,
    ``warning`` where it ended above half of it, or where all hidden units are switches by weights
    drawn far too large; else
    ``info``, since trained gates saturate by design. The network's output is left out, where
    saturation means certainty, unless it was so from the start, a hundredth of its elements or less
    passes a gradient at the end, and the loss stayed near its start. Smooth rectifiers (GELU,
    softplus: of inputs of unit scale a few per cent at most) count where they start so; later they
    may be a sparse code. And attention whose scores spread over four at the first step, where a
    tenth of the loss was left.

    Source:
        Glorot and Bengio 2010, section 3 and figure 2 (saturation of tanh and sigmoid layers);
        LeCun et al. 1998, section 4.4; Vaswani et al. 2017, section 3.2.1; Rakitianskaia and
        Engelbrecht 2015 (a measure of it).
    """
    loss = evidence.loss_of(record)
    switches = _switches(record, loss)
    findings = _of_attention(record, loss)
    for site in record.sites:
        values = site.series.saturated
        if not values.size or (can_die(site) and not is_bounded(site)):
            continue
        fades = _fades(site)
        if not (is_bounded(site) or fades):
            continue
        start, over_all = flat_at_first(site), evidence.median(values)
        early = start >= FROM_THE_START and over_all >= 0.3
        if fades and not early:  # a sparse code, learnt
            continue
        if is_output(record, site) and not (early and _in_vain(site, loss)):
            continue
        if not (early or over_all >= LASTING):
            continue
        severity: Severity = "info"
        if evidence.stuck(loss) or loss.broke_step is not None:
            severity = "error"
        elif (loss.known and loss.start > 0 and loss.end > 0.5 * loss.start) or (
            early and ((start >= 0.9 and over_all >= LASTING) or switches)
        ):
            severity = "warning"
        share = start if early else over_all
        when = "from the start" if early else f"from step {_when(site)} on"
        why = _why(site) if early else _driven(record, site)
        findings.append(
            Finding(
                rule="saturated_activation",
                severity=severity,
                cause=(
                    f"{percent(share)} of the elements of {site.function} in {place(site)} are "
                    f"saturated {when}: {why}."
                ),
                layer=site.layer,
                site=site.site,
                source=site.source,
                first_step=_when(site),
                evidence={
                    "saturated_start": start,
                    "saturated": over_all,
                    "input_std": evidence.median(site.series.input_std[:3]),
                },
                remedies=_remedies(record, site, early) if severity != "info" else (),
            )
        )
    return tuple(findings)


def _step_of(record: Record, site: SiteRecord) -> float:
    """Largest update ratio in the steps before half of the elements were saturated; NaN."""
    return evidence.update_before(record, site.layer, _when(site) - 10, _when(site))


def _driven(record: Record, site: SiteRecord) -> str:
    """The half sentence on what drove a site's input beyond its slope after the start."""
    update = _step_of(record, site)
    if update >= LARGE_UPDATE:
        return f"an update that changed the weights by {of_norm(update)} drove what enters there"
    return "training drove what enters beyond the slope"


def _remedies(record: Record, site: SiteRecord, early: bool) -> tuple[Remedy, ...]:
    where = {"sites": [site.site], "layers": [site.layer]}
    start = Remedy(
        "reinitialize",
        "Weights scaled to their inputs, and zero biases, start units on their slope.",
        {"scheme": "he_normal"},
    )
    normalise = Remedy(
        "insert_normalization",
        "Normalised pre-activations stay where the function has a slope.",
        scope=where,
    )
    if not early and _step_of(record, site) >= LARGE_UPDATE:
        slower = lower(record, _when(site), "Smaller steps leave units on their slope.")
        return (*((slower,) if slower else ()), normalise, start)
    return (start, normalise) if early else (normalise, start)


RULE = Rule(
    id="saturated_activation",
    check=check,
    summary="Bounded units sit where their function is flat and pass no gradient.",
    source="Glorot and Bengio 2010, section 3; LeCun et al. 1998, section 4.4",
    explains=("vanishing_gradient", "learning_rate_too_low", "dormant_units"),
)
