"""The words that officers read for the codes of a programme: closed lists, in the officer's voice.

What members read for the same codes (`dsar.packages.meanings`) speaks to them.
"""

from collections.abc import Mapping

from consent.programme.declarations import Ability, Action, LegalBasis
from consent.programme.difference import Kind
from consent.programme.parties import Role, Safeguard
from dsar.packages.marking import mark

BASES: Mapping[str, str] = {
    LegalBasis.CONSENT: mark("Consent"),
    LegalBasis.CONTRACT: mark("Contract"),
    LegalBasis.LEGITIMATE_INTEREST: mark("Legitimate interest"),
    LegalBasis.LEGAL_OBLIGATION: mark("Legal obligation"),
}
ACTIONS: Mapping[str, str] = {
    Action.PREVIEW: mark("Count how many fit"),
    Action.SEGMENT: mark("Find who fits"),
    Action.READ: mark("Read data"),
    Action.ENROL: mark("Add members, change data"),
    Action.RECORD: mark("Add purchases"),
    Action.CONSENT: mark("Write down choices"),
    Action.CONTACT: mark("Contact members"),
}
ABILITIES: Mapping[str, str] = {
    Ability.REQUESTS: mark("Handle requests"),
    Ability.RESTRICT: mark("Restrict data"),
    Ability.PROGRAMME: mark("Programme and figures"),
    Ability.RECORD: mark("Record of use"),
    Ability.KEYS: mark("Keys and health"),
}
ROLES: Mapping[str, str] = {
    Role.PROCESSOR: mark("Processor"),
    Role.RECIPIENT: mark("Decides itself"),
    Role.JOINT_CONTROLLER: mark("Joint controller"),
}
SAFEGUARDS: Mapping[str, str] = {
    Safeguard.ADEQUACY: mark("Adequacy decision"),
    Safeguard.PUBLIC_INSTRUMENT: mark("Agreement between authorities"),
    Safeguard.BCR: mark("Binding corporate rules"),
    Safeguard.SCC: mark("Standard contractual clauses"),
    Safeguard.CODE_OF_CONDUCT: mark("Approved code of conduct"),
    Safeguard.CERTIFICATION: mark("Approved certification"),
    Safeguard.AUTHORISED_CLAUSES: mark("Clauses that the authority has authorised"),
    Safeguard.EXPLICIT_CONSENT: mark("Explicit consent"),
    Safeguard.CONTRACT: mark("Needed for a contract"),
    Safeguard.PUBLIC_INTEREST: mark("Important public interest"),
    Safeguard.LEGAL_CLAIMS: mark("Needed for legal claims"),
    Safeguard.VITAL_INTERESTS: mark("Needed to protect somebody's life"),
    Safeguard.PUBLIC_REGISTER: mark("Data of a public register"),
    Safeguard.COMPELLING_INTEREST: mark("Compelling interest, once and for few"),
}
CHANGES: Mapping[str, str] = {
    Kind.ADDED: mark("Added"),
    Kind.REMOVED: mark("Taken away"),
    Kind.CHANGED: mark("Changed"),
}
