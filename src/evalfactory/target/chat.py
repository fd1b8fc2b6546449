"""A model with the engineer's prompt as the system under test."""

from __future__ import annotations

import time
from pathlib import Path

from ..judge.answers import without_leading_thoughts
from ..judge.chat import Chat, Completion, Template, address_of, identity_of, read_completion
from ..judge.endpoint import Endpoint, Message, Remote
from ..judge.options import Options
from ..judge.outcomes import Answered, Denied, Outcome, Reply
from ..records.case import Case
from ..records.suite import ChatTarget
from .fields import conversation_refused, seen
from .port import Produced, TargetError
from .produced import Unfit, produced
from .prompts import Prompt, prompts_of
from .templates import MissingField, filled_text

_WHAT = "the target"


class ChatSystem(Remote):
    """Fills the prompt with each case and takes what the model says."""

    def __init__(self, spec: ChatTarget, folder: Path, options: Options) -> None:
        self._spec = spec
        self._prompts = prompts_of(spec, folder)
        self._template = Template(spec)
        super().__init__(Endpoint(address_of(spec, _WHAT), identity_of(spec, _WHAT, TargetError), spec, options))

    async def produce(self, case: Case) -> Produced:
        """The model's answer for the case. Charges `current_meter`."""
        conversation_refused(case)
        fields = seen(case)
        messages: Chat = [{"role": prompt.role, "content": _filled(prompt, fields)} for prompt in self._prompts]
        told = {"case": case.id, "messages": messages}
        return await self._endpoint.call(Message(self._template.body(messages), told), self._read)

    def _read(self, reply: Reply) -> Outcome[Produced]:
        outcome: Outcome[Completion] = read_completion(reply, self._spec.price, time.time())
        if not isinstance(outcome, Answered):
            return outcome
        try:
            answer = produced(without_leading_thoughts(outcome.value.text))
        except Unfit as unfit:
            why = "; it was cut short (raise max_tokens)" if outcome.value.cut_short else ""
            return Denied("bad_json", f"the target's answer cannot be used: {unfit}{why}", outcome.spent)
        return Answered(answer, outcome.raw, outcome.spent)


def _filled(prompt: Prompt, fields: dict[str, object]) -> str:
    try:
        return filled_text(prompt.text, fields)
    except MissingField as missing:
        raise TargetError("data", f"the case has no {missing}, which {prompt.file} wants") from None
