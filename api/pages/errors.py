"""What a page itself refuses, before any room below is asked.

PageError
├── SignInNeeded       nobody is signed in, or not of this kind: they are asked to
├── SecondProofNeeded  signed in, and not lately proved: they are asked to
├── NotSettled         signed in by an address that was changed so lately that it may be a
│                      thief's: nothing is shown but what can be taken back; 403
├── ForeignForm        a form that none of our pages has sent; 403
└── OldForm            one that a page of ours has sent, of another session; 403
"""

from kernel.errors import Refused, TillitError


class PageError(TillitError):
    """The root of the pages' errors."""


class SignInNeeded(PageError, Refused):
    slug = "sign-in-needed"


class SecondProofNeeded(PageError, Refused):
    slug = "second-proof-needed"


class NotSettled(PageError, Refused):
    slug = "not-settled"


class ForeignForm(PageError, Refused):
    slug = "foreign-form"


class OldForm(PageError, Refused):
    slug = "old-form"
