"""The programme file: what one company does with its members' data, said once.

`loading` reads and checks it, `model` is what comes out, `difference` compares two, `notices`
knows which version first carried a text.
"""

from consent.programme.declarations import Ability, Action, LegalBasis, Purpose, Service
from consent.programme.loading import Checked, check_programme, load_programme, read_programme
from consent.programme.model import Programme

__all__ = [
    "Ability",
    "Action",
    "Checked",
    "LegalBasis",
    "Programme",
    "Purpose",
    "Service",
    "check_programme",
    "load_programme",
    "read_programme",
]
