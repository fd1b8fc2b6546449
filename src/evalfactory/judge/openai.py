"""A judge behind any OpenAI-compatible endpoint."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import MutableMapping
from weakref import WeakKeyDictionary

from pydantic import BaseModel

from ..records.suite import JudgeSpec
from .answers import Misfit, shaped, without_thoughts
from .chat import Chat, Completion, Template, address_of, identity_of, read_completion
from .endpoint import Endpoint, Message, Remote
from .options import Options
from .outcomes import Outcome, Reply
from .port import Answer, JudgeError, current_meter
from .schemas import form_of

_WHAT = "the judge"
_QUOTED = 4000  # characters of an unfit answer that are sent back with the question


class _Form:
    """A schema as it is sent, made once a class."""

    def __init__(self, schema: type[BaseModel], response_format: str) -> None:
        form = form_of(schema)
        self.name = form.name
        text = json.dumps(form.schema, ensure_ascii=False, separators=(",", ":"))
        self.told = f"Answer with one JSON object that fits this JSON Schema, and with nothing else:\n{text}"
        match response_format:
            case "json_schema":
                sent = {"name": form.name, "strict": form.strict, "schema": form.schema}
                self.format = json.dumps({"type": "json_schema", "json_schema": sent}, ensure_ascii=False).encode()
            case "json_object":
                self.format = b'{"type":"json_object"}'
            case _:
                self.format = b""


class OpenAIJudge(Remote):
    """Asks a chat model, in the shape that is wanted, and asks again when the answer has another one."""

    def __init__(self, spec: JudgeSpec, options: Options) -> None:
        self._spec = spec
        self._template = Template(spec)
        self._tells_schema = spec.response_format != "json_schema" or self._template.has_format
        self._reasks = options.policy.reasks
        self._forms: MutableMapping[type[BaseModel], _Form] = WeakKeyDictionary()
        super().__init__(Endpoint(address_of(spec, _WHAT), identity_of(spec, _WHAT, JudgeError), spec, options))

    async def ask(self, prompt: str, schema: type[Answer] | None) -> Answer | str:
        """The validated answer, or the bare text where no schema is wanted. Charges `current_meter`."""
        _enrol()
        form = self._form(schema) if schema is not None else None
        messages: Chat = [{"role": "user", "content": self._told(prompt, form)}]
        unfit = Misfit("")
        for ask in range(self._reasks + 1):
            completion = await self._endpoint.call(self._message(prompt, messages, form), self._read, reask=ask > 0)
            answer = _taken(completion, schema)
            if not isinstance(answer, Misfit):
                return answer
            unfit = answer
            messages = [*messages[:1], *_objection(completion, answer, form)]
        raise JudgeError(
            "bad_json", f"the judge's answer is not what was asked for, {self._reasks + 1} times: {unfit.problem}"
        )

    def _form(self, schema: type[BaseModel]) -> _Form:
        form = self._forms.get(schema)
        if form is None:
            form = self._forms[schema] = _Form(schema, self._spec.response_format)
        return form

    def _told(self, prompt: str, form: _Form | None) -> str:
        return f"{prompt}\n\n{form.told}" if form is not None and self._tells_schema else prompt

    def _message(self, prompt: str, messages: Chat, form: _Form | None) -> Message:
        told = {"prompt": prompt, "schema": form.name if form else None, "messages": messages}
        sent_format = form.format if form is not None and not self._template.has_format else b""
        return Message(self._template.body(messages, sent_format), told)

    def _read(self, reply: Reply) -> Outcome[Completion]:
        return read_completion(reply, self._spec.price, time.time())


def _enrol() -> None:
    """Let whoever owns the measurement know the task that asks, to cancel it with the measurement."""
    meter = current_meter.get(None)
    task = asyncio.current_task()
    if meter is not None and task is not None:
        meter.tasks.add(task)


def _taken(completion: Completion, schema: type[Answer] | None) -> Answer | str | Misfit:
    """The answer in the completion, or what is wrong with it."""
    if schema is None:
        answer: Answer | str | Misfit = without_thoughts(completion.text) or Misfit("it is empty")
    else:
        answer = shaped(completion.text, schema)
    if isinstance(answer, Misfit) and completion.cut_short:
        return Misfit(f"it was cut short at the limit of its length (raise max_tokens): {answer.problem}")
    return answer


def _objection(completion: Completion, unfit: Misfit, form: _Form | None) -> Chat:
    """The unfit answer and what is wrong with it, as the conversation goes on."""
    wanted = form.told if form is not None else "Answer again."
    if completion.cut_short:
        return [
            {"role": "user", "content": f"Your answer was cut short because it was too long. Be brief.\n\n{wanted}"}
        ]
    said = completion.text[:_QUOTED] or "(nothing)"
    return [
        {"role": "assistant", "content": said},
        {"role": "user", "content": f"That answer cannot be used: {unfit.problem}.\n\n{wanted}"},
    ]
