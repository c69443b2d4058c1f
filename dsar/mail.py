"""What goes to somebody by e-mail, as it waits in `outgoing` under the carrier ``email``.

Composed where it is known what to say; handed to the mail server by the worker, which knows none
of the reasons.
"""

import msgspec

#: The carrier, in `outgoing`, of messages that are composed as `Message` and need no more.
EMAIL = "email"


class File(msgspec.Struct, frozen=True):
    """A file that goes with a message; `type` such as ``application/pdf``."""

    name: str
    type: str
    content: bytes

    def __repr__(self) -> str:
        return f"File({self.type})"


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message to one address. `language`: BCP 47."""

    to: str
    subject: str
    text: str
    html: str | None = None
    language: str | None = None
    files: tuple[File, ...] = ()

    def __repr__(self) -> str:
        return "Message(***)"


def packed(message: Message) -> bytes:
    """As `outgoing.post` takes it."""
    return msgspec.msgpack.encode(message)


def unpacked(payload: bytes) -> Message:
    return msgspec.msgpack.decode(payload, type=Message)
