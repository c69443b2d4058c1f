"""What a page says of what was done, and of what could not be: closed lists, in plain words.

What is wrong is told by its kind alone: an error's own words are for those who run the programme.
"""

from collections.abc import Mapping

from dsar.packages.marking import mark

#: By the word in an address's `said`.
SAID: Mapping[str, str] = {
    "saved": mark("Saved. It counts from now on."),
    "yes": mark("Saved: you say yes. It counts from now on."),
    "no": mark("Saved: you say no. It counts from now on."),
    "yes-waits": mark(
        "Saved: you say yes. It counts once you have confirmed it by the link that we send you."
    ),
    "yes-held": mark("Saved: you say yes. It does not count yet: why stands beside your answer."),
    "text-changed": mark(
        "This text has changed since you opened the page. Read it first. Nothing was saved."
    ),
    "signed-out": mark("You are signed out."),
    "proved": mark("Thank you. That counts for ten minutes."),
    "asked": mark("Your request has come in."),
    "asked-already": mark(
        "You had asked for this already: it is one request, and its time runs on."
    ),
    "passphrase-over": mark("That passphrase was too old. Here is a new one."),
    "cancelled": mark("Your request is taken back."),
    "corrected": mark("Corrected."),
    "removed": mark("Removed."),
    "ended": mark("That sign-in has ended."),
    "others-ended": mark("All other sign-ins have ended."),
    "on-record": mark("Done, and on record."),
    "second-officer": mark("Approved by you. A second officer has to approve it too."),
    "opened": mark("The request is open, and its clock runs."),
    "opened-joined": mark("The same was open already: what came in now was joined to it."),
    "none-ticked": mark("Nothing was ticked."),
    "told-again": mark("It is told again within a minute."),
}
#: By an error's slug; `WRONG` for any other.
WRONG = mark("That could not be done. Nothing was changed.")
FOREIGN = mark(
    "This form did not come from our own page, or is too old. Go back, load the page again "
    "and send it once more."
)
ERRORS: Mapping[str, str] = {
    "no-such-route": mark("There is no page at this address."),
    "not-found": mark("There is no page at this address."),
    "unknown-request": mark("There is no such request."),
    "wrong-caller": mark("Your role does not include this."),
    "step-up-needed": mark("This needs a second proof that it is you."),
    "unknown-link": mark("This link does not hold any more. Ask for a new one."),
    "too-many": mark("That was too many times. Wait a while and try again."),
    "guardian-needed": mark("You are too young to say yes to this yourself. Your guardian can."),
    "not-yours": mark("This is set by us. Write to us if it is wrong, and we will set it right."),
    "bad-value": mark("What you wrote does not fit there. Look once more."),
    "not-a-choice": mark(
        "That cannot be chosen. If it was a day, pick one that is still to come. Nothing was "
        "changed."
    ),
    "child-unknown": mark("You are not on record as the guardian of that child."),
    "of-age": mark("They are old enough now to answer for themselves."),
    "record-entry-pending": mark("The record proves this in a second. Try again in a moment."),
    "no-receipt": mark("There is no receipt of this: it is about no consent and no objection."),
    "unknown-letter": mark("There is no such letter."),
    "unavailable": mark("We cannot do this right now. Try again in a moment."),
    "not-settled": mark(
        "Your e-mail address was changed a short while ago. Until it has settled, you can see "
        "your choices here and say no, and nothing else."
    ),
    "foreign-form": FOREIGN,
    "old-form": FOREIGN,
    "same-officer": mark("You have approved it already. The second officer is somebody else."),
    "not-identified": mark("Nobody has shown yet that it was the member who asked."),
    "held": mark("A legal hold stands on this member. Lift it first, or refuse the request."),
    "too-late": mark("The first month is over: an answer cannot be put off any more."),
    "unfit-reason": mark("The law does not let this right be refused for that reason."),
    "not-a-hold": mark("A hold's last day is today or later. Nothing was changed."),
    "broken-request": mark(
        "Something of this request is not as it was written. Nothing can be done with it until "
        "that is mended."
    ),
    "unknown-member": mark("There is no such member."),
}
