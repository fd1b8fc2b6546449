from __future__ import annotations

import pytest
from metric_lab import recipe_of

from evalfactory.catalogue import catalogue
from evalfactory.metrics import deepeval_api as deepeval
from evalfactory.metrics.examples import EXAMPLE_ARGUMENTS
from evalfactory.metrics.generate import CATALOGUE, PAGE, catalogue_text, generated_catalogue
from evalfactory.metrics.introspect import LEFT_OUT
from evalfactory.metrics.page import page_text


def test_the_committed_catalogue_and_its_page_are_what_the_installed_deepeval_offers() -> None:
    fresh = generated_catalogue()
    assert CATALOGUE.read_text(encoding="utf-8") == catalogue_text(fresh), "python -m evalfactory.metrics.generate"
    assert PAGE.read_text(encoding="utf-8") == page_text(fresh), "python -m evalfactory.metrics.generate"


def test_every_metric_that_deepeval_exports_is_in_the_catalogue_or_left_out_for_a_reason() -> None:
    ours = {metric.class_name for metric in catalogue().metrics}
    bases = (deepeval.BaseMetric, deepeval.BaseConversationalMetric)
    exported = {
        name
        for name in deepeval.metrics.__all__
        if isinstance(getattr(deepeval.metrics, name), type)
        and issubclass(getattr(deepeval.metrics, name), bases)
        and getattr(deepeval.metrics, name) not in bases
    }
    assert exported == ours | set(LEFT_OUT)
    assert not ours & set(LEFT_OUT)


def test_every_argument_of_the_catalogue_is_one_of_the_constructor() -> None:
    import inspect

    for metric in catalogue().metrics:
        parameters = inspect.signature(getattr(deepeval.metrics, metric.class_name)).parameters
        for argument in metric.arguments:
            assert argument.name in parameters
            if not argument.required:
                assert argument.default == parameters[argument.name].default


@pytest.mark.parametrize("name", sorted(EXAMPLE_ARGUMENTS))
def test_examples_name_arguments_that_exist(name: str) -> None:
    metric = catalogue().get(name)
    assert metric is not None
    assert set(EXAMPLE_ARGUMENTS[name]) <= {argument.name for argument in metric.arguments}
    assert recipe_of(name).type == name
