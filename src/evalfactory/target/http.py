"""A system under test behind an HTTP endpoint of any shape."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from ..judge.credentials import headers_of, secrets_of
from ..judge.endpoint import Endpoint, Message, Remote
from ..judge.faults import json_of, unreadable
from ..judge.options import Identity, Options
from ..judge.outcomes import Answered, Denied, Outcome, Reply, Spent
from ..judge.transport import address
from ..judge.words import storable
from ..records.case import Case
from ..records.suite import HttpTarget
from .fields import conversation_refused, seen
from .needs import REQUEST
from .paths import NoSuchPath, at
from .port import Produced, TargetError
from .produced import Unfit, produced
from .templates import MissingField, filled

_WHAT = "the target"


class HttpSystem(Remote):
    """Sends each case as the suite's template says; picks output, retrieval context and tools out of the answer."""

    def __init__(self, spec: HttpTarget, options: Options) -> None:
        self._spec = spec
        secrets = secrets_of(spec, _WHAT)
        identity = Identity(_WHAT, spec.url, TargetError, spec.api_key_env, secrets, is_model=False)
        super().__init__(Endpoint(address(spec.method, spec.url, headers_of(spec, _WHAT)), identity, spec, options))

    async def produce(self, case: Case) -> Produced:
        """The target's answer for the case. Charges `current_meter`."""
        conversation_refused(case)
        try:
            request = filled(self._spec.request, seen(case))
        except MissingField as missing:
            raise TargetError("data", f"the case has no {missing}, which {REQUEST} wants") from None
        return await self._endpoint.call(self._message(case, request), self._read)

    def _message(self, case: Case, request: Any) -> Message:
        told = {"case": case.id, "request": request}
        if self._spec.method == "GET":
            return Message(None, told, params=_query(request))
        return Message(json.dumps(request, ensure_ascii=False).encode("utf-8", "replace"), told)

    def _read(self, reply: Reply) -> Outcome[Produced]:
        try:
            told = json_of(reply.body)
        except ValueError:
            return unreadable(reply)
        spent = Spent(cost_usd=self._cost(told))
        try:
            answer = self._picked(told)
        except (NoSuchPath, Unfit) as unfit:
            return Denied("bad_json", f"the target's answer cannot be used: {unfit}", spent)
        return Answered(answer, storable(reply.body.decode("utf-8", "replace")), spent)

    def _picked(self, told: Any) -> Produced:
        spec = self._spec
        output = at(told, spec.output)
        context = at(told, spec.retrieval_context) if spec.retrieval_context else None
        return produced(output, context, self._tools(told))

    def _tools(self, told: Any) -> Any:
        """The tools called; systems that called none often leave the list out."""
        if self._spec.tools_called is None:
            return None
        try:
            return at(told, self._spec.tools_called) or []
        except NoSuchPath:
            return []

    def _cost(self, told: Any) -> float:
        """What the answer says that it cost; nothing where it does not say."""
        try:
            cost = at(told, self._spec.cost) if self._spec.cost else 0.0
        except NoSuchPath:
            return 0.0
        return float(cost) if type(cost) in (int, float) and math.isfinite(cost) and cost > 0 else 0.0


def _query(request: Any) -> Mapping[str, str]:
    """A GET request's template as a query: texts as they are, other values as JSON, nothing for null."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in request.items()
        if value is not None
    }
