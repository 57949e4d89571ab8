"""The tables, one noun a class."""

from lib.store.models.base import Base
from lib.store.models.people import Account, AccountLink, Attempt, EventOrganizer, Identity, Login
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
from lib.store.models.workflow import (
    AccessRequest,
    Attachment,
    AuditEntry,
    AuditHead,
    Dataset,
    Draft,
    MatchDecision,
    Notice,
    ReceiptCounter,
    Revision,
    SavedSearch,
    SealedField,
    Submission,
)

__all__ = [
    "AccessRequest",
    "Account",
    "AccountLink",
    "Achievement",
    "Attachment",
    "Attempt",
    "AuditEntry",
    "AuditHead",
    "Base",
    "Contract",
    "Cooperation",
    "Dataset",
    "Demand",
    "Division",
    "Draft",
    "Event",
    "EventItem",
    "EventOrganizer",
    "Identity",
    "Login",
    "MatchDecision",
    "Notice",
    "Organization",
    "PolicyClause",
    "ReceiptCounter",
    "Revision",
    "SavedSearch",
    "SealedField",
    "Statistic",
    "Submission",
]
