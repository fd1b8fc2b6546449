"""Which of DeepEval's metrics a suite can use, and with which arguments: read from the installed classes."""

from __future__ import annotations

import inspect
import re
import types
import typing
from typing import Any, Literal, NamedTuple

from ..catalogue import Argument
from ..records.case import CaseKind
from . import deepeval_api as deepeval

_PICTURES = "judges pictures"
_VOICE = "judges a recorded voice"
_TRACE = "judges a recorded trace; without one it asks the judge about `null`"
_MCP = "needs MCP servers and calls, which cases do not have"
_SYSTEM_ONE = "needs a System One model"
_DAG = "is built from a graph in Python: `module:name` of a `DeepAcyclicGraph`"

#: DeepEval's metrics that are not for suites, and why.
LEFT_OUT = {
    "AgentLoopDetectionMetric": _TRACE,
    "AgentResponsivenessMetric": _VOICE,
    "AudioGlitchMetric": _VOICE,
    "AudioIntegrityMetric": _VOICE,
    "ConversationalDAGMetric": _DAG,
    "ConversationalJevEval": _SYSTEM_ONE,
    "DAGMetric": _DAG,
    "ImageCoherenceMetric": _PICTURES,
    "ImageEditingMetric": _PICTURES,
    "ImageHelpfulnessMetric": _PICTURES,
    "ImageReferenceMetric": _PICTURES,
    "JevEval": _SYSTEM_ONE,
    "MCPTaskCompletionMetric": _MCP,
    "MCPUseMetric": _MCP,
    "MultiTurnMCPUseMetric": _MCP,
    "PlanAdherenceMetric": _TRACE,
    "PlanQualityMetric": _TRACE,
    "SpeechIntelligibilityMetric": _VOICE,
    "StepEfficiencyMetric": _TRACE,
    "TextToImageMetric": _PICTURES,
    "TranscriptionAccuracyMetric": _VOICE,
    "TurnTakingNaturalnessMetric": _VOICE,
    "VoiceConsistencyMetric": _VOICE,
    "VoiceNaturalnessMetric": _VOICE,
    "VoiceReliabilityMetric": _VOICE,
}
#: Constructor parameters that are ours to set, cannot be written in YAML, or do nothing here.
_NOT_FOR_SUITES = {
    "self", "model", "threshold", "async_mode", "verbose_mode", "system_one_model", "eval_mode", "flaky", "name",
    "evaluation_template", "template_class", "top_logprobs",
}  # fmt: skip
#: Required in fact, though their signature has a default.
_REQUIRED = {("role_violation", "role"), ("geval", "evaluation_params"), ("conversational_geval", "evaluation_params")}
_ONE_OF = {
    "geval": ("criteria", "evaluation_steps"),
    "conversational_geval": ("criteria", "evaluation_steps"),
    "tool_permission": ("allowed_tools", "denied_tools"),
}
_NOTES = {
    "available_tools": "a list of names, or of mappings with `name`, `description`, `input_parameters`",
    "expected_schema": "a JSON Schema, or `module:Class` of a Pydantic model beside the suite",
    "rubric": "a list of `{score_range: [0, 2], expected_outcome: …}`, within 0 to 10",
    "criteria": "the judge writes the steps from it once, before the run is planned",
    "pattern": "a regular expression that must match the whole output",
}

ArgumentType = Literal["str", "int", "float", "bool", "list[str]", "list", "dict", "any"]


class MetricClass(NamedTuple):
    """A metric as its class describes it."""

    name: str
    class_name: str
    kind: CaseKind
    declares: tuple[str, ...]
    arguments: tuple[Argument, ...]
    one_of: tuple[str, ...]
    threshold: float | None
    uses_judge: bool


def metric_classes() -> list[MetricClass]:
    """Every text metric of the installed DeepEval that needs no trace, by name."""
    exported = [getattr(deepeval.metrics, name) for name in deepeval.metrics.__all__]
    return sorted((_described(cls) for cls in exported if _is_ours(cls)), key=lambda metric: metric.name)


def declared_fields(cls: Any, kind: CaseKind) -> tuple[str, ...]:
    """The case fields that a metric's class says it needs, in our words; those of turns as `turns.NAME`."""
    if kind == "single":
        wanted = _params(cls, "_required_params")
        return tuple(dict.fromkeys(("input", *wanted)))
    wanted = _params(cls, "_required_test_case_params")
    needed = tuple("turns.retrieval_context" if name == "retrieval_context" else name for name in wanted)
    role = ("chatbot_role",) if getattr(cls, "_requires_chatbot_role", False) else ()
    return ("turns", *(name for name in needed if name not in ("role", "content")), *role)


def _params(cls: Any, attribute: str) -> tuple[str, ...]:
    wanted = getattr(cls, attribute, None)
    return tuple(param.value for param in wanted) if isinstance(wanted, list) else ()


def _is_ours(cls: Any) -> bool:
    bases = (deepeval.BaseMetric, deepeval.BaseConversationalMetric)
    return inspect.isclass(cls) and issubclass(cls, bases) and cls not in bases and cls.__name__ not in LEFT_OUT


def _described(cls: Any) -> MetricClass:
    name = _snake(cls.__name__)
    kind: CaseKind = "single" if issubclass(cls, deepeval.BaseMetric) else "conversation"
    parameters = inspect.signature(cls.__init__).parameters
    hints = typing.get_type_hints(cls.__init__)
    threshold = parameters["threshold"].default
    return MetricClass(
        name=name,
        class_name=cls.__name__,
        kind=kind,
        declares=declared_fields(cls, kind),
        arguments=tuple(
            _argument(name, parameter, hints[parameter.name])
            for parameter in parameters.values()
            if parameter.name not in _NOT_FOR_SUITES and not parameter.name.startswith("_")
        ),
        one_of=_ONE_OF.get(name, ()),
        threshold=None if threshold is None else float(threshold),
        uses_judge="model" in parameters,
    )


def _argument(metric: str, parameter: inspect.Parameter, hint: Any) -> Argument:
    required = parameter.default is inspect.Parameter.empty or (metric, parameter.name) in _REQUIRED
    return Argument(
        name=parameter.name,
        type=_type_of(hint, parameter.name),
        required=required,
        default=None if required else parameter.default,
        choices=_choices(metric, parameter.name),
        note=_NOTES.get(parameter.name, ""),
    )


def _type_of(hint: Any, name: str) -> ArgumentType:
    if name == "expected_schema":
        return "any"
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        (hint,) = (option for option in typing.get_args(hint) if option is not type(None))
    if typing.get_origin(hint) is list:
        (item,) = typing.get_args(hint)
        return "list[str]" if item is str or name == "evaluation_params" else "list"
    plain: dict[Any, ArgumentType] = {str: "str", int: "int", float: "float", bool: "bool", dict: "dict"}
    return plain[hint]


def _choices(metric: str, name: str) -> tuple[str, ...]:
    if name != "evaluation_params":
        return ()
    known: dict[str, Any] = {
        "geval": deepeval.G_EVAL_PARAMS,
        "conversational_geval": deepeval.CONVERSATIONAL_G_EVAL_PARAMS,
        "tool_correctness": deepeval.ToolCallParams,
    }
    return tuple(param.value for param in known[metric] if param.value != "audio")


def _snake(class_name: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", class_name.removesuffix("Metric")).lower()
    return words.replace("g_eval", "geval")
