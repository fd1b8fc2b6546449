"""Whether two runs measured in the same way: other judges, prompts or versions give other scores by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..records.gate import Changed, MetricGate
from ..records.measurement import Measurement
from ..records.plan import MetricRecipe, Plan
from ..records.suite import JUDGE_FIELDS


def refused_metrics(plan: Plan, baseline: Plan) -> dict[str, str]:
    """Why each metric that both have is not compared; those that may be are not there."""
    theirs = {recipe.name: recipe for recipe in baseline.recipes}
    told = set(plan.gate.compare_anyway)
    refused: dict[str, str] = {}
    for recipe in plan.recipes:
        if recipe.name in theirs and recipe.digest != theirs[recipe.name].digest:
            changes = dict(_changes(recipe, theirs[recipe.name]))
            if not told.issuperset(changes):
                refused[recipe.name] = "; ".join(changes.values())
    return refused


def weaker_because(plan: Plan, baseline: Plan, refused: Mapping[str, str] = {}) -> str | None:
    """What makes a comparison of these two runs weaker than it looks; None when the same was measured in the same way.

    Why a metric is not compared at all is in its rule of the gate; an advisory one has none.
    """
    theirs = {recipe.name: recipe for recipe in baseline.recipes}
    changed = {
        recipe.name: "; ".join(dict(_changes(recipe, theirs[recipe.name])).values())
        for recipe in plan.recipes
        if recipe.name in theirs and recipe.digest != theirs[recipe.name].digest and recipe.name not in refused
    }
    reasons = [f"{words} for {name}" for name, words in changed.items()]
    reasons += [
        f"{words} for {name}, which is not compared"
        for name, words in refused.items()
        if plan.gate.metrics.get(name, MetricGate()).tier == "advisory"
    ]
    ours = {recipe.name for recipe in plan.recipes}
    reasons += [f"{name}, which this run does not measure" for name in theirs if name not in ours]
    reasons += [f"no {recipe.name}" for recipe in plan.recipes if recipe.name not in theirs]
    reasons += [
        f"threshold {_least(theirs[name])} for {name} (this run {_least(recipe)}, which both are judged by)"
        for name, recipe in _other_thresholds(plan, baseline)
    ]
    if plan.inputs_digest != baseline.inputs_digest:
        reasons.append("other cases in its dataset")
    if plan.execution.repeats != baseline.execution.repeats:
        reasons.append(
            f"{baseline.execution.repeats} repeats a case, not {plan.execution.repeats}: the first ones count"
        )
    return f"The baseline has {'; '.join(reasons)}." if reasons else None


def judged_as_now(there: Iterable[Measurement], plan: Plan, baseline: Plan) -> Iterator[Measurement]:
    """The baseline's measurements, those of another threshold judged by this run's: no score has failed by itself.

    A metric of one's own may have other means to tell; it is left as it is, and so is a success that its score and its
    threshold do not explain.
    """
    now = dict(_other_thresholds(plan, baseline))
    for each in there:
        if each.metric not in now or each.score is None or not _by_threshold(each):
            yield each
        else:
            least = now[each.metric].threshold
            success = None if least is None else each.score >= least
            yield each.model_copy(update={"threshold": least, "success": success})


def _by_threshold(measurement: Measurement) -> bool:
    score, least = measurement.score, measurement.threshold
    return measurement.success is (None if score is None or least is None else score >= least)


def _other_thresholds(plan: Plan, baseline: Plan) -> Iterator[tuple[str, MetricRecipe]]:
    """This run's recipes that ask for another score than the baseline's, by the metric's name."""
    theirs = {recipe.name: recipe.threshold for recipe in baseline.recipes}
    for recipe in plan.recipes:
        if ":" not in recipe.type and theirs.get(recipe.name, recipe.threshold) != recipe.threshold:
            yield recipe.name, recipe


def counted_repeats(plan: Plan, baseline: Plan) -> int | None:
    """How many repeats of each case count: all where both runs planned the same number, else the first draws alone.

    Whoever repeats some cases more often than others because of how they came out, has a biased mean.
    """
    return None if plan.execution.repeats == baseline.execution.repeats else 1


def _least(recipe: MetricRecipe) -> str:
    return "none" if recipe.threshold is None else f"{recipe.threshold:g}"


def _changes(recipe: MetricRecipe, theirs: MetricRecipe) -> Iterator[tuple[Changed, str]]:
    ours_judge, their_judge = (
        each.judge.model_dump(mode="json", include=set(JUDGE_FIELDS)) for each in (recipe, theirs)
    )
    if ours_judge != their_judge:
        models = recipe.judge.model, theirs.judge.model
        settings = ", ".join(name for name in JUDGE_FIELDS if ours_judge.get(name) != their_judge.get(name))
        yield (
            "judge",
            (
                f"another judge ({models[1]} then, {models[0]} now)"
                if models[0] != models[1]
                else f"another setting of the judge ({settings})"
            ),
        )
    own = ":" in recipe.type
    if recipe.code != theirs.code and not own:
        yield "deepeval", f"another DeepEval ({theirs.code} then, {recipe.code} now)"
    rest = (recipe.type, recipe.args, recipe.code if own else "") != (
        theirs.type, theirs.args, theirs.code if own else "",
    )  # fmt: skip
    if rest or (ours_judge == their_judge and recipe.code == theirs.code):
        yield "recipe", "another recipe (prompt, arguments or code)"
