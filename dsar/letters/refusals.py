"""Why not: what a refusal says, by the right that was asked for and the reason (Art. 12(4))."""

from collections.abc import Mapping

from dsar.letters.cases import Case
from dsar.letters.routes import routes
from dsar.letters.wording import Wording, mark
from dsar.letters.written import Block
from dsar.states import Right
from dsar.words import Reason, grounds

#: By the reason and the articles that it stands on: what is true of one right is not of another.
_WHY_NOT: Mapping[tuple[Reason, str], str] = {
    (Reason.IDENTITY, "Art. 12(2), 12(6)"): mark(
        "We could not make sure that it was you who asked. Without knowing that, we may not hand "
        "out, change or erase anybody's data (Article 12(2) and 12(6) of the GDPR). You can ask "
        "again at any time and show that it is you."
    ),
    (Reason.IDENTITY, "Art. 12(2)"): mark(
        "We could not make sure that it was you who asked. Without knowing that, we may not look "
        "at a decision about anybody (Article 12(2) of the GDPR). You can ask again at any time "
        "and show that it is you."
    ),
    (Reason.IDENTITY, "Art. 7(3)"): mark(
        "We could not make sure that it was you who asked. Only who gave a consent can take it "
        "back (Article 7(3) of the GDPR). You can ask again at any time and show that it is you."
    ),
    (Reason.LAW, "Art. 17(3)(b)"): mark(
        "A law requires us to keep the data, or to go on using it (Article 17(3)(b) of the GDPR)."
    ),
    (Reason.LAW, "Art. 23(1)"): mark(
        "A law forbids us to tell you of it (Article 23(1) of the GDPR)."
    ),
    (Reason.CLAIMS, "Art. 17(3)(e)"): mark(
        "We need the data to establish, exercise or defend legal claims "
        "(Article 17(3)(e) of the GDPR)."
    ),
    (Reason.EXCESSIVE, "Art. 12(5)"): mark(
        "The request is excessive, in particular because it repeats earlier ones "
        "(Article 12(5) of the GDPR)."
    ),
    (Reason.UNFOUNDED, "Art. 12(5)"): mark(
        "The request is manifestly unfounded (Article 12(5) of the GDPR)."
    ),
    (Reason.OTHERS, "Art. 15(4)"): mark(
        "To do what you ask for would harm the rights and freedoms of others "
        "(Article 15(4) of the GDPR)."
    ),
    (Reason.OTHERS, "Art. 20(4)"): mark(
        "To do what you ask for would harm the rights and freedoms of others "
        "(Article 20(4) of the GDPR)."
    ),
    # No more than must be said: who has it is nobody else's business, nor that somebody has.
    (Reason.UNUSABLE, "Art. 5(1)(d), 16"): mark(
        "The member number or other identifier that you asked for cannot be used. It must lead to "
        "the right person, so we leave yours unchanged (Article 5(1)(d) and 16 of the GDPR). You "
        "can ask for another one, or for anything else to be set right, at any time."
    ),
    (Reason.UNMET, "Art. 16"): mark(
        "We have checked what you told us against what we hold. As far as we can see, the data is "
        "correct and complete as it is, so we leave it unchanged (Article 16 of the GDPR)."
    ),
    (Reason.UNMET, "Art. 17(1)"): mark(
        "Data is to be erased when there is a ground for it: that it is no longer needed, for "
        "example, that you have taken back the consent it rests on, or that it has been used "
        "unlawfully. We have looked, and found no such ground (Article 17(1) of the GDPR)."
    ),
    (Reason.UNMET, "Art. 18(1)"): mark(
        "The use of data is to be restricted while it is being checked whether the data is "
        "correct or whether an objection holds, when the data is used unlawfully and you want it "
        "kept all the same, and when you need it for a legal claim. We have looked, and none of "
        "this is the case (Article 18(1) of the GDPR)."
    ),
    (Reason.UNMET, "Art. 20(1)"): mark(
        "This right is to data that you have given us yourself and that we process by computer, "
        "because you have said yes to it or because we have a contract with you. We hold no such "
        "data about you (Article 20(1) of the GDPR). You can ask for a copy of everything that we "
        "hold about you instead."
    ),
    (Reason.UNMET, "Art. 22(1)"): mark(
        "This right is for decisions that a computer has taken by itself and that have legal "
        "effects for you, or affect you as much in another way. We have taken no such decision "
        "about you (Article 22(1) of the GDPR)."
    ),
}


def refusal(case: Case, say: Wording) -> list[Block]:
    """Raises `UnfitReason` for a reason that does not refuse this right."""
    assert isinstance(case.reason, Reason)
    return [
        Block(say.say("We do not do what you asked for. The reason is this:")),
        Block(say.say(_WHY_NOT[case.reason, grounds(case.request.right, case.reason)])),
        *_heard_again(case, say),
        *routes(case, say),
    ]


def _heard_again(case: Case, say: Wording) -> list[Block]:
    """Where we have judged the facts, that we listen to whoever knows them otherwise."""
    if case.reason is not Reason.UNMET:
        return []
    if case.request.right is Right.RECTIFICATION:
        wrong = say.say(
            "We understand that you see it otherwise. Tell us what is wrong and, if you can, what "
            "shows it, and we look at it again. While we do, you can ask us to restrict the use "
            "of the data."
        )
        return [Block(wrong)]
    return [
        Block(
            say.say(
                "Do you see it otherwise? Write to us and tell us why, and we look at it again."
            )
        )
    ]
