"""The roles of an incident, in the words of the incident-command doctrine."""

from enum import StrEnum


class Role(StrEnum):
    """One person holds a role at a time, except experts."""

    COMMANDER = "commander"
    DEPUTY = "deputy"
    SCRIBE = "scribe"
    COMMS = "comms"
    OPERATIONS = "operations"
    EXPERT = "expert"


TITLES: dict[Role, str] = {
    Role.COMMANDER: "Incident Commander",
    Role.DEPUTY: "Deputy",
    Role.SCRIBE: "Scribe",
    Role.COMMS: "Comms lead",
    Role.OPERATIONS: "Operations lead",
    Role.EXPERT: "Subject-matter expert",
}
