"""
What can go wrong in the life cycle of a model.

FlowError
├── BatchRefused        a batch is not what training takes; carries which and why
├── OfflineRefused      an offline object is not what was offered; carries which
├── ClassMissing        the training rows lack a class; nobody can learn it from them
│   └── OneClass        they all have the same one
├── RowsUnusable        rows that drift cannot be computed of: other columns than the reference, or no numbers
│   └── SameData        data was to be compared with itself
├── ReferenceDamaged    bytes are not a reference that drift is held against
├── PolicyUnusable      a threshold that is no share decides nothing
├── NotDelivered        Slack did not take a message; carries why, and for how long it asks to wait
├── NotFiled            a receipt could not be kept in MLflow; people were told
├── NeverWritten        there is no such message in the outbox
├── OutboxConflict      the deployment has another message already
├── OutboxDamaged       a file of the outbox is not what was written
├── NeverDeployed       there is no committed generation of the model
├── NotBegun            the deployment has no open generation
├── Locked              somebody else deploys
├── Overtaken           somebody else has decided since the intent
├── Flapping            the champion is there by a rollback already
├── NothingToRollBackTo there is no previous version
├── NothingToRetire     the alias stands for nothing
├── NothingToRebuildOf  MLflow does not say who the champion was
├── NotLost             the ledger has a history: it is not made again
├── LedgerLost          the ledger begins anew, and the gateways follow what it does not know
├── Unproven            what was seen in the shadow is not enough
├── GateClosed          the gate did not let a version become the champion
├── NotReady            a registered version is not what was trained, or cannot be had
├── Unregistered        the registry has no such version
├── WrongAnswers        a version answers otherwise than it was trained to, or somebody else answered
├── TooSlow             a version takes much longer for a row than the champion
├── LoadRefused         Triton cannot load a version; what served goes on
├── LoadSilent          Triton did not answer a load in time: the model is wedged
├── NotReloaded         a gateway refuses a version, and serves on as before
├── Fenced              a gateway follows a higher generation
├── NotFollowed         a gateway does not follow the ledger in time
├── Unsteady            users get more errors after a rollback than before it
├── TritonAway          Triton does not answer
├── GatewayAway         a gateway does not answer, or there is none
├── RegistryAway        MLflow does not answer
├── Standing            the version stands behind another alias already
└── StoreAway           the object store does not answer
"""

from __future__ import annotations

from typing import Literal

__all__ = [
    "BatchRefused",
    "ClassMissing",
    "Fenced",
    "Flapping",
    "FlowError",
    "GateClosed",
    "GatewayAway",
    "LedgerLost",
    "LoadRefused",
    "LoadSilent",
    "Locked",
    "NeverDeployed",
    "NeverWritten",
    "NotBegun",
    "NotDelivered",
    "NotFiled",
    "NotFollowed",
    "NotLost",
    "NotReady",
    "NotReloaded",
    "NothingToRebuildOf",
    "NothingToRetire",
    "NothingToRollBackTo",
    "OfflineRefused",
    "OneClass",
    "OutboxConflict",
    "OutboxDamaged",
    "Overtaken",
    "PolicyUnusable",
    "ReferenceDamaged",
    "Refusal",
    "RegistryAway",
    "RowsUnusable",
    "SameData",
    "Standing",
    "StoreAway",
    "TritonAway",
    "Undelivered",
    "Unproven",
    "Unregistered",
    "Unsteady",
    "WrongAnswers",
]

Undelivered = Literal["refused", "throttled", "silent", "unreachable", "odd-answer"]
"""Why a message was not taken. After `silent` and `odd-answer` it may have arrived all the same."""


Refusal = Literal[
    "unreadable",
    "empty",
    "column-missing",
    "column-extra",
    "wrong-type",
    "cell-empty",
    "not-finite",
    "label-unknown",
    "id-repeated",
    "id-reserved",
]
"""Why a batch is not taken."""


class FlowError(Exception):
    """Base of everything this package raises on purpose."""


class BatchRefused(FlowError):
    """A batch cannot be trained on. batch: which one. reason: why, for whoever counts them."""

    def __init__(self, message: str, *, batch: str, reason: Refusal) -> None:
        super().__init__(message)
        self.batch = batch
        self.reason = reason


class OfflineRefused(FlowError):
    """An object of the offline store cannot be trained on. name: which one, without folder and suffix."""

    def __init__(self, message: str, *, name: str) -> None:
        super().__init__(message)
        self.name = name


class ClassMissing(FlowError):
    """The training rows lack a class. present: the classes that they have."""

    def __init__(self, message: str, *, present: tuple[int, ...]) -> None:
        super().__init__(message)
        self.present = present


class OneClass(ClassMissing):
    """All training rows have the same class: whatever is learned of them says always the same."""


class RowsUnusable(FlowError):
    """Drift cannot be computed of these rows: they have other columns than the reference, or what is no number."""


class SameData(RowsUnusable):
    """Most of the rows are the reference's own: such a comparison finds nothing, whatever happened to the data."""


class ReferenceDamaged(FlowError):
    """These bytes are no reference that drift can be held against."""


class PolicyUnusable(FlowError):
    """A threshold or a margin that is no share: nothing may be decided by it."""


class NotDelivered(FlowError):
    """Slack did not take a message. retry_after_s: how long it asks to wait, where it is throttled and says so."""

    def __init__(self, message: str, *, reason: Undelivered, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after_s = retry_after_s


class NotFiled(FlowError):
    """What is committed stays, and people were told; the receipt waits on the volume until it is in MLflow, too."""


class NeverWritten(FlowError):
    """There is no such message in the outbox."""


class OutboxConflict(FlowError):
    """The deployment has another message already; nothing was changed."""


class OutboxDamaged(FlowError):
    """A file of the outbox cannot be read, or says what no message says; nobody may guess what was sent."""


class NeverDeployed(FlowError):
    """Nothing is deployed, so nothing can be moved or shown."""


class NotBegun(FlowError):
    """A step was asked for outside of its deployment; begin it, all of it."""


class GateClosed(FlowError):
    """Policy decides who serves; putting it aside has to be said on purpose."""


class Locked(FlowError):
    """Two would waste each other's work; carries who, and for how long."""


class Overtaken(FlowError):
    """What was meant to follow one generation would follow another."""


class Flapping(FlowError):
    """Rolling back again has to be said on purpose."""


class NothingToRollBackTo(FlowError):
    """The first deployment ever has nothing before it."""


class NothingToRetire(FlowError):
    """Nothing stands behind the alias; nothing was changed."""


class NothingToRebuildOf(FlowError):
    """Nobody guesses who the champion was; nothing was changed."""


class NotLost(FlowError):
    """What was decided stands in the ledger, and is never written over; nothing was changed."""


class LedgerLost(FlowError):
    """What was decided stands in no ledger any more; whoever went on from here would undo it."""


class Unproven(FlowError):
    """Evidence was asked for, and there is too little of it, or it speaks against; nothing was changed."""


class NotReady(FlowError):
    """READY is more than a status: the files and the signature are those of the training."""


class Unregistered(FlowError):
    """Nothing can be deployed that was not registered."""


class WrongAnswers(FlowError):
    """Whoever would be switched to it would be answered wrongly."""


class TooSlow(FlowError):
    """Whoever would be switched to it would be answered rightly, and too late."""


class LoadRefused(FlowError):
    """Carries Triton's own reason."""


class LoadSilent(FlowError):
    """Only a new process of Triton's heals that."""


class NotReloaded(FlowError):
    """Carries its words; other replicas may have switched."""


class Fenced(FlowError):
    """Somebody else was later: this deployment has nothing to say any more."""


class NotFollowed(FlowError):
    """What is committed stays; the gateway's log says why it does not follow."""


class Unsteady(FlowError):
    """What is committed stays; whoever rolled back looks why users get errors."""


class TritonAway(FlowError):
    """Nobody knows what is loaded."""


class GatewayAway(FlowError):
    """Nobody knows what users are answered."""


class RegistryAway(FlowError):
    """Nobody knows what is registered."""


class StoreAway(FlowError):
    """Nobody knows what has arrived."""


class Standing(FlowError):
    """The version stands behind another alias already; nothing was changed."""
