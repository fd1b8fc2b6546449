"""The one door to DeepEval. Importing this module imports it: about 1.5 s of CPU and 80 MB, so import it late.

DeepEval's environment block is set first. Its greeting (in a read-only environment it prints on stdout) is captured;
the capture is this thread's alone, so what other threads print meanwhile is not touched.
"""

from __future__ import annotations

import rich

from ..settings import block_deepeval_side_effects

block_deepeval_side_effects()
with rich.get_console().capture():
    import deepeval.metrics as metrics
    from deepeval.config.eval_mode import EvalMode
    from deepeval.metrics import (
        BaseConversationalMetric,
        BaseMetric,
        ConversationalDAGMetric,
        DAGMetric,
        DeepAcyclicGraph,
    )
    from deepeval.metrics.dag.utils import extract_required_params
    from deepeval.metrics.g_eval.utils import CONVERSATIONAL_G_EVAL_PARAMS, G_EVAL_PARAMS, Rubric
    from deepeval.models import LocalModel
    from deepeval.models.utils import EvaluationCost
    from deepeval.test_case import (
        ConversationalTestCase,
        LLMTestCase,
        MultiTurnParams,
        SingleTurnParams,
        ToolCall,
        ToolCallParams,
        ToolCallType,
        Turn,
    )

__all__ = [
    "CONVERSATIONAL_G_EVAL_PARAMS",
    "G_EVAL_PARAMS",
    "BaseConversationalMetric",
    "BaseMetric",
    "ConversationalDAGMetric",
    "ConversationalTestCase",
    "DAGMetric",
    "DeepAcyclicGraph",
    "EvalMode",
    "EvaluationCost",
    "LLMTestCase",
    "LocalModel",
    "MultiTurnParams",
    "Rubric",
    "SingleTurnParams",
    "ToolCall",
    "ToolCallParams",
    "ToolCallType",
    "Turn",
    "extract_required_params",
    "metrics",
]
