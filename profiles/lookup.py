"""Find a member by an identifier: a keyed index over normalised values.

The index holds HMAC-SHA256 digests under a key that is never in the database. What is found
is verified by opening the member's own value, so a digest that was moved leads nowhere.
"""

import hmac
import unicodedata
from collections.abc import Mapping

import email_validator
import phonenumbers

from profiles.catalogue import Catalogue, Field, nearest
from profiles.errors import BadValue, UnknownField
from profiles.keys import EpochKey
from profiles.labels import Label
from profiles.values import Value


def normalise(kind: str, value: str, *, region: str) -> str:
    """The one spelling of an identifier: by kind ``email``, ``phone``, ``member_number``, ``text``.

    `region` (ISO 3166) reads phone numbers written without a country code. Raises `BadValue`,
    which never repeats the value.
    """
    value = unicodedata.normalize("NFC", value)
    if kind == "email":
        return _email(value)
    if kind == "phone":
        return _phone(value, region)
    return " ".join(value.split()).casefold()


def digest(epoch: EpochKey, field: str, normalised: str) -> bytes:
    """The 32 bytes under which an identifier stands in the index."""
    return hmac.digest(epoch.derive(Label.LOOKUP), f"{field}|{normalised}".encode(), "sha256")


def digests(
    epoch: EpochKey, catalogue: Catalogue, values: Mapping[str, Value], *, region: str
) -> dict[str, bytes]:
    """Under what each identifier among a member's values stands in the index, by field."""
    return {
        name: digest(epoch, name, normalise(field.lookup, str(values[name]), region=region))
        for name, field in catalogue.fields.items()
        if field.lookup is not None and name in values
    }


def identifier(catalogue: Catalogue, name: str) -> Field:
    """The field called `name`. Raises `UnknownField` when it is none that identifies."""
    found = catalogue.fields.get(name)
    if found is None or found.lookup is None:
        kinds = frozenset(n for n, field in catalogue.fields.items() if field.lookup)
        raise UnknownField(
            f"{name!r} does not identify a member", place=name, remedy=nearest(name, kinds)
        )
    return found


def _email(value: str) -> str:
    try:
        checked = email_validator.validate_email(
            value.strip(), check_deliverability=False, test_environment=True
        )
    except email_validator.EmailNotValidError as error:
        raise BadValue(
            "this is no e-mail address", place="email", remedy="give name@example.com"
        ) from error
    # Providers treat the local part as one whatever its case; so do the people who type it.
    return checked.normalized.casefold()


def _phone(value: str, region: str) -> str:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException as error:
        raise BadValue(
            "this is no phone number", place="phone", remedy="give +46 70 123 45 67"
        ) from error
    if not phonenumbers.is_possible_number(number):
        raise BadValue("this phone number cannot exist", place="phone", remedy="count its digits")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
