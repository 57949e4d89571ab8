"""The tables, one noun a class."""

from lib.store.models.base import Base
from lib.store.models.people import Account, Login
from lib.store.models.place import Division
from lib.store.models.records import (
    Achievement,
    Contract,
    Cooperation,
    Demand,
    Event,
    EventItem,
    Organization,
    PolicyClause,
    Statistic,
)
from lib.store.models.workflow import AuditEntry, Dataset, ReceiptCounter, Revision, Submission

__all__ = [
    "Account",
    "Achievement",
    "AuditEntry",
    "Base",
    "Contract",
    "Cooperation",
    "Dataset",
    "Demand",
    "Division",
    "Event",
    "EventItem",
    "Login",
    "Organization",
    "PolicyClause",
    "ReceiptCounter",
    "Revision",
    "Statistic",
    "Submission",
]
