"""
What people are to be told, from before it is sent until somebody has said that it arrived.

``outbox/<model>/<deploy id>.json`` is the message, ``<deploy id>.receipt.json`` the answer to it; both are made whole
under another name and linked, so each is there once, and never changes. Who dies between the sending and the receipt
sends again: a message may arrive twice, and never not at all. Both carry the same key, as the last block's id.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from models.durable import sync
from yardflow.errors import NeverWritten, NotDelivered, OutboxConflict, OutboxDamaged
from yardflow.receipt import Message
from yardflow.slack import Delivery

__all__ = ["SYSTEM_CLOCK", "Clock", "Letter", "Outbox", "Receipt", "Send"]

NAME: Final = re.compile(r"(?!.*\.receipt$)[A-Za-z0-9][A-Za-z0-9._:+-]{0,127}")
"""Of a file, and none that another deployment's receipt could have."""
PACE_S: Final = 1.0
"""Slack takes one message a second; who is throttled without a word, or for no time, waits for that one."""

T = TypeVar("T")

Send = Callable[[str, Sequence[Mapping[str, Any]]], Delivery]
"""``Slack.send``."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Time, and a way to let it pass; tests pass their own. now_s is monotonic, now is what a calendar says."""

    now_s: Callable[[], float]
    pause: Callable[[float], None]
    now: Callable[[], datetime] = _now


SYSTEM_CLOCK: Final = Clock(now_s=time.monotonic, pause=time.sleep)  # noqa: TID251  as long as Slack asks for


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A message as it is sent, each time."""

    deploy_id: str
    dedupe_key: str
    created: str
    text: str
    blocks: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """That a message was taken. attempts: of the call that got this answer; throttled ones are among them."""

    deploy_id: str
    dedupe_key: str
    status: int
    body: str
    sent_at: str
    attempts: int


class Outbox:
    """One model's outbox below the volume *root*. Reading it makes nothing; the first message makes the folder."""

    def __init__(self, root: Path, model: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._model, self._clock = model, clock
        self._folder = root / "outbox" / model

    def put(self, message: Message) -> Letter:
        """
        Keep *message* until it is delivered; again with the same content is no news.

        Returns:
            What is kept, the block with the key included.

        Raises:
            OutboxConflict: The deployment has another message already; that one stays.
        """
        key = f"{self._model}/{message.deploy_id}"
        letter = Letter(
            deploy_id=message.deploy_id,
            dedupe_key=key,
            created=_stamp(self._clock.now()),
            text=message.text,
            blocks=json.loads(json.dumps([*message.blocks, _key_block(key)], allow_nan=False)),
        )
        if self._link(self._path(message.deploy_id), asdict(letter)):
            return letter
        found = self._letter(message.deploy_id)
        if (found.text, found.blocks) != (letter.text, letter.blocks):
            raise OutboxConflict(
                f"wanted to tell {letter.text!r} of {key}, got {found.text!r} in {self._path(message.deploy_id)} since "
                f"{found.created}; a deployment is told of once: what happens later is another deployment's message"
            )
        return found

    def pending(self) -> tuple[Letter, ...]:
        """
        What nobody has said to have received, the oldest first.

        Raises:
            OutboxDamaged: A file is not what was written.
        """
        names = {path.name for path in self._folder.glob("[!.]*.json")} if self._folder.is_dir() else set()
        ids = {name.removesuffix(".json") for name in names if not name.endswith(".receipt.json")}
        letters = [self._letter(one) for one in ids if f"{one}.receipt.json" not in names]
        return tuple(sorted(letters, key=lambda letter: (letter.created, letter.deploy_id)))

    def has(self, deploy_id: str) -> bool:
        """Whether there is a message of *deploy_id*, delivered or not."""
        return self._path(deploy_id).is_file()

    def receipt(self, deploy_id: str) -> Receipt | None:
        """
        The answer to the message of *deploy_id*; None where there is none yet.

        Raises:
            OutboxDamaged: The file is not what was written.
        """
        path = self._path(deploy_id, "receipt.json")
        return _made(Receipt, _read(path), path=path) if path.is_file() else None

    def deliver(self, deploy_id: str, *, send: Send, within_s: float, clock: Clock | None = None) -> Receipt:
        """
        Send the message of *deploy_id*, unless there is a receipt, and keep the answer.

        Args:
            send: Sends once; may be called again after it was told to wait.
            within_s: For how long it may be told to wait, in all. Nothing else is tried again: the task is.
            clock: Time itself.

        Raises:
            NeverWritten: There is no such message.
            NotDelivered: It was not taken; the message stays, and stays pending.
            OutboxDamaged: A file is not what was written.
        """
        letter, clock = self._letter(deploy_id), clock or self._clock
        done = self.receipt(deploy_id)
        if done is not None:
            return done
        deadline_s, attempts = clock.now_s() + within_s, 1
        while True:
            try:
                delivery = send(letter.text, letter.blocks)
            except NotDelivered as refusal:
                pause_s = max(refusal.retry_after_s or 0.0, PACE_S)
                if refusal.reason != "throttled" or clock.now_s() + pause_s > deadline_s:
                    raise
                clock.pause(pause_s)
                attempts += 1
            else:
                break
        return self._file(letter, delivery, attempts=attempts, at=clock.now())

    def _file(self, letter: Letter, delivery: Delivery, *, attempts: int, at: datetime) -> Receipt:
        receipt = Receipt(
            deploy_id=letter.deploy_id,
            dedupe_key=letter.dedupe_key,
            status=delivery.status,
            body=delivery.body,
            sent_at=_stamp(at),
            attempts=attempts,
        )
        if self._link(self._path(letter.deploy_id, "receipt.json"), asdict(receipt)):
            return receipt
        # Somebody else sent it meanwhile, and was first to say so: theirs is the receipt.
        return self.receipt(letter.deploy_id) or receipt

    def _letter(self, deploy_id: str) -> Letter:
        path = self._path(deploy_id)
        if not path.is_file():
            raise NeverWritten(f"wanted the message of {deploy_id} in {path}, got none: it has to be put there first")
        return _made(Letter, _read(path), path=path)

    def _path(self, deploy_id: str, kind: str = "json") -> Path:
        if not NAME.fullmatch(deploy_id):
            raise ValueError(f"wanted a deployment's id like {NAME.pattern}, got {deploy_id!r}")
        return self._folder / f"{deploy_id}.{kind}"

    def _link(self, path: Path, document: Mapping[str, Any]) -> bool:
        """Make *path* with *document*, durable; False where it is there already."""
        if not self._folder.is_dir():
            self._folder.mkdir(parents=True, exist_ok=True)
            for folder in (self._folder.parent, self._folder.parent.parent):
                sync(folder)
        with tempfile.NamedTemporaryFile("w", dir=self._folder, prefix=".draft-", encoding="utf-8") as draft:
            json.dump(document, draft, indent=1)
            draft.flush()
            os.fchmod(draft.fileno(), 0o644)
            os.fsync(draft.fileno())
            try:
                os.link(draft.name, path)
            except FileExistsError:
                return False
            sync(self._folder)
        return True


def _key_block(key: str) -> dict[str, Any]:
    """What tells a message that came twice from two messages: readable for people, and an id for programs."""
    return {"type": "context", "block_id": key, "elements": [{"type": "plain_text", "text": key, "emoji": False}]}


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        raise OutboxDamaged(f"wanted a readable {path}, got {failure}") from failure
    if not isinstance(document, dict):
        raise OutboxDamaged(f"wanted an object in {path}, got {type(document).__name__}")
    return document


def _made(kind: type[T], document: Mapping[str, Any], *, path: Path) -> T:
    try:
        return kind(**document)
    except TypeError as failure:
        raise OutboxDamaged(f"wanted a {kind.__name__.lower()} in {path}, got {failure}") from failure
