"""Every letter in every language: what it says, and that nothing in it was forgotten."""

import re
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path
from string import Formatter

import a_case
import pytest
from a_case import EVERY, NAME, OUTCOME, REQUEST, case
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

import dsar
from consent.programme.countries import COUNTRIES
from dsar.errors import UnfitReason
from dsar.languages import LANGUAGES, Language
from dsar.letters import pages, posting
from dsar.letters.kinds import Kind
from dsar.letters.wording import unbroken
from dsar.letters.writing import write
from dsar.letters.written import digest, packed, unpacked
from dsar.states import Right
from dsar.words import REFUSED_BY, Delay, Reason

ROOM = Path(dsar.__file__).parent
KEYWORDS = {"say": None, "mark": None, "many": (1, 2)}


def said_in_the_code() -> set[str | tuple[str, str]]:
    """Every English text that a letter can say."""
    found = set()
    for file in sorted((ROOM / "letters").glob("*.py")):
        with file.open("rb") as source:
            for _, message, _, _ in extract("python", source, keywords=KEYWORDS):
                found.add(message)
    return found


def places(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_said_in_every_language_and_nothing_that_no_letter_says(
    language: str,
) -> None:
    with (ROOM / "locales" / language / "letters.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    there = {message.id: message.string for message in catalogue if message.id}
    assert set(there) == said_in_the_code()
    assert len(there) > 70
    for english, translated in there.items():
        pairs = (
            [(english, translated)]
            if isinstance(english, str)
            else list(zip(english, translated, strict=True))
        )
        for ours, theirs in pairs:
            assert theirs.strip()
            assert places(theirs) == places(ours), ours
            assert theirs.endswith(ours[-1]) or ours[-1] not in ".:", ours
            alike = theirs == ours
            assert alike == (language == "en") or ours in ("Reference",), ours


#: What a request is called, and the verbs that a sentence may have in its stead.
REQUEST_WORDS = {
    "sv": ("begär", "bad om"),
    "nb": (r"anmodning(en|er|ene)?\b", "ba om|bedt om"),
    "da": (r"anmodning(en|er|erne)?\b", "bad om"),
    "fi": ("pyyn", "pyysi"),
}


@pytest.mark.parametrize("domain", ["letters", "identity", "packages"])
@pytest.mark.parametrize("language", REQUEST_WORDS)
def test_a_request_is_called_by_one_word_wherever_a_member_reads_of_it(
    language: str, domain: str
) -> None:
    noun, verbs = REQUEST_WORDS[language]
    with (ROOM / "locales" / language / f"{domain}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    found = 0
    for message in catalogue:
        english, theirs = str(message.id), str(message.string)
        if message.id and re.search(r"\brequests?\b", english, re.IGNORECASE):
            assert re.search(f"{noun}|{verbs}", theirs, re.IGNORECASE), theirs
            found += 1
    assert found


@pytest.mark.parametrize(("kind", "right", "language"), EVERY)
def test_a_letter_says_whom_it_is_from_and_to_and_about_what(
    kind: Kind, right: Right, language: str
) -> None:
    letter = write(kind, case(kind, right, language))
    assert (letter.kind, letter.language, letter.reference) == (kind.value, language, REQUEST)
    assert letter.sender.name == "Fjällklubben AB"
    assert letter.sender.address == ("Stigvägen 1", "831 00 Östersund", "Sweden")
    text, page = pages.text(letter), pages.html(letter)
    for told in (NAME, str(REQUEST), "privacy@fjallklubben.example", "dpo@fjallklubben.example"):
        assert told in text
        assert told in page
    assert received(language) in letter.blocks[0].text
    assert re.search(r"[{}]", text.replace(OUTCOME, "")) is None
    assert "None" not in text
    assert all(block.text or block.points or block.link for block in letter.blocks)
    assert f'<html lang="{language}">' in page


def received(language: str) -> str:
    return {
        "sv": "31 januari 2026",
        "nb": "31. januar 2026",
        "da": "31. januar 2026",
        "fi": "31. tammikuuta 2026",
        "en": "31 January 2026",
    }[language]


@pytest.mark.parametrize(("kind", "right", "language"), EVERY)
def test_no_letter_has_a_word_of_another_language_s_letter(
    kind: Kind, right: Right, language: str
) -> None:
    """Each paragraph differs from the same one in the four others; Norwegian and Danish share
    a few short ones."""
    mine = write(kind, case(kind, right, language))
    for other in LANGUAGES:
        if other != language:
            theirs = write(kind, case(kind, right, other))
            pairs = zip(mine.blocks, theirs.blocks, strict=True)
            shared = 25 if {language, other} == {"nb", "da"} else 0
            assert all(a.text != b.text for a, b in pairs if len(a.text) > shared and not a.quoted)


PAIRS = [(right, reason) for right, fitting in REFUSED_BY.items() for reason in fitting]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("right", "reason"), PAIRS)
def test_a_refusal_gives_its_own_reason_by_its_own_article_and_the_ways_to_complain(
    right: Right, reason: Reason, language: str
) -> None:
    letter = write(Kind.REFUSAL, case(Kind.REFUSAL, right, language, reason=reason))
    why, others = letter.blocks[2].text, REFUSED_BY[right].keys() - {reason}
    for other in others:
        about = case(Kind.REFUSAL, right, language, reason=other)
        assert write(Kind.REFUSAL, about).blocks[2].text != why
    assert cited(why) == cited(REFUSED_BY[right][reason])
    text = pages.text(letter)
    assert "https://www.imy.se" in text
    for article in ("77", "79"):
        assert article in text


#: In the member's words: that they see it otherwise, and what they can do about it.
HEARD = {
    "sv": ("det på ett annat sätt", "tittar vi på det igen"),
    "nb": ("annerledes på det", "ser vi på det igjen"),
    "da": ("anderledes på det", "ser vi på det igen"),
    "fi": ("asian toisin", "tutkimme asian uudelleen"),
    "en": ("see it otherwise", "we look at it again"),
}
RESTRICT = {
    "sv": "begränsar användningen",
    "nb": "begrenser bruken",
    "da": "begrænse brugen",
    "fi": "rajoittamaan tietojen käyttöä",
    "en": "restrict the use",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("right", "reason"), PAIRS)
def test_who_sees_it_otherwise_is_asked_to_say_so_where_we_have_judged_the_facts(
    right: Right, reason: Reason, language: str
) -> None:
    letter = write(Kind.REFUSAL, case(Kind.REFUSAL, right, language, reason=reason))
    said = letter.blocks[3].text
    assert all(one in said for one in HEARD[language]) == (reason is Reason.UNMET)
    # Whether data is correct is what the member disputes: until it is settled it may rest.
    disputed = reason is Reason.UNMET and right is Right.RECTIFICATION
    assert (RESTRICT[language] in said) == disputed


def cited(text: str) -> list[str]:
    """The numbers and letters of the articles in a sentence, in their order: it has no others.

    What is named twice counts once: ``12(2), 12(6)`` is ``12, stk. 2 og 6``.
    """
    return list(dict.fromkeys(re.findall(r"\d+|\b[b-h]\b", text)))


@pytest.mark.parametrize("right", Right)
@pytest.mark.parametrize("reason", Reason)
def test_no_letter_refuses_a_right_for_a_reason_that_does_not_fit(
    right: Right, reason: Reason
) -> None:
    about = case(Kind.REFUSAL, right, reason=reason)
    if reason not in REFUSED_BY[right]:
        with pytest.raises(UnfitReason):
            write(Kind.REFUSAL, about)
    else:
        assert write(Kind.REFUSAL, about)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "senest den 30. april 2026, Artikel 17, stk. 3, litra b",
            "senest den 30.~april~2026, Artikel~17, stk.~3, litra~b",
        ),
        (
            "by 1 April 2026 (Article 12(2) of the GDPR)",
            "by 1~April~2026 (Article~12(2) of the GDPR)",
        ),
        (
            "artikkel 17 nr. 3 bokstav b. I 2026 kom 12 kjøp",
            "artikkel~17 nr.~3 bokstav~b. I 2026 kom 12 kjøp",
        ),
        (
            "tietosuoja-asetuksen 17 artiklan 3 kohdan b",
            "tietosuoja-asetuksen 17~artiklan 3~kohdan b",
        ),
        (
            "artiklarna 17.2 och 19, en artikel om 3 köp",
            "artiklarna~17.2 och 19, en artikel om 3 köp",
        ),
    ],
)
def test_no_line_ends_within_a_day_or_before_the_number_of_an_article(
    text: str, shown: str
) -> None:
    assert unbroken(text) == shown.replace("~", "\u00a0")


@pytest.mark.parametrize(("kind", "right", "language"), EVERY)
def test_a_page_shows_what_the_letter_says_with_other_spaces_at_most(
    kind: Kind, right: Right, language: str
) -> None:
    letter = write(kind, case(kind, right, language))
    page = unescape(pages.html(letter)).replace("\u00a0", " ")
    for block in letter.blocks:
        assert block.text in page
        assert all(point in page for point in block.points)


@pytest.mark.parametrize("delay", Delay)
def test_an_extension_gives_its_reason_the_new_day_and_the_ways_to_complain(delay: Delay) -> None:
    letter = write(
        Kind.EXTENSION,
        case(Kind.EXTENSION, Right.ACCESS, "da", reason=delay, due=date(2026, 4, 30)),
    )
    text = pages.text(letter)
    assert "senest den 30. april 2026" in text
    assert ("kompliceret" in text) == (delay is Delay.COMPLEX)
    assert "https://www.imy.se" in text
    assert "https://www.datatilsynet.dk" in text


@pytest.mark.parametrize(
    ("country", "language", "sites"),
    [
        ("SE", "sv", ["https://www.imy.se"]),
        ("SE", "nb", ["https://www.imy.se", "https://www.datatilsynet.no"]),
        ("NO", "nb", ["https://www.datatilsynet.no"]),
        ("DK", "da", ["https://www.datatilsynet.dk"]),
        ("FI", "fi", ["https://tietosuoja.fi"]),
        ("FI", "sv", ["https://tietosuoja.fi"]),
        ("DE", "en", []),
    ],
)
def test_the_authority_is_that_of_the_controller_and_of_the_reader(
    country: str, language: str, sites: list[str]
) -> None:
    about = case(Kind.REFUSAL, Right.ERASURE, language)
    controller = about.active.programme.controller.model_copy(update={"country": country})
    about.active.programme = replace(about.active.programme, controller=controller)  # type: ignore[misc]
    letter = write(Kind.REFUSAL, about)
    points = [point for block in letter.blocks for point in block.points]
    assert [point.rpartition(" ")[2] for point in points] == sites
    if country in COUNTRIES:
        assert points[0].startswith(COUNTRIES[country].authority.name)


def test_a_question_about_identity_says_whether_the_clock_stands() -> None:
    asked = case(Kind.IDENTITY_QUERY, Right.ACCESS, "en")
    standing = pages.text(write(Kind.IDENTITY_QUERY, asked))
    assert "stands still" in standing
    assert "2 March 2026" not in standing
    running = replace(asked, request=replace(asked.request, paused_on=None))
    text = pages.text(write(Kind.IDENTITY_QUERY, running))
    assert "stands still" not in text
    assert "due by 2 March 2026" in text
    assert "by 5 March 2026, we close" in text


LATE = date(2026, 3, 3)  # the day after the last one for an answer
PROMISES = {
    "sv": ("Du får vårt svar senast", "försenat"),
    "nb": ("Du får svar fra oss senest", "forsinket"),
    "da": ("Du får vores svar senest", "forsinket"),
    "fi": ("Saat vastauksemme viimeistään", "myöhässä"),
    "en": ("You will have our answer by", "is late"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_found_too_late_is_promised_no_day_that_is_past(language: str) -> None:
    promise, late = PROMISES[language]
    about = case(Kind.ACKNOWLEDGEMENT, Right.ERASURE, language)
    due = about.request.due
    said_due = Language(language).date(due)
    in_time = pages.text(write(Kind.ACKNOWLEDGEMENT, replace(about, today=due)))
    assert f"{promise} " in in_time
    assert said_due in in_time
    assert late not in in_time
    text = pages.text(write(Kind.ACKNOWLEDGEMENT, replace(about, today=LATE)))
    assert promise not in text
    assert said_due in text  # since when it is late
    assert late in text
    assert "https://www.imy.se" in text
    assert "77" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_about_what_is_late_promises_no_day_that_is_past(language: str) -> None:
    asked = case(Kind.IDENTITY_QUERY, Right.ACCESS, language, today=LATE)
    running = replace(asked, request=replace(asked.request, paused_on=None))
    assert PROMISES[language][1] in pages.text(write(Kind.IDENTITY_QUERY, running))
    # Its clock stands: nothing is late yet.
    assert PROMISES[language][1] not in pages.text(write(Kind.IDENTITY_QUERY, asked))


@given(st.dates(date(2026, 2, 1), date(2029, 2, 1)), st.sampled_from(LANGUAGES))
def test_no_acknowledgement_ever_promises_a_day_that_is_past(today: date, language: str) -> None:
    about = case(Kind.ACKNOWLEDGEMENT, Right.ACCESS, language, today=today)
    text = pages.text(write(Kind.ACKNOWLEDGEMENT, about))
    assert (PROMISES[language][0] in text) == (today <= about.request.due)
    assert (PROMISES[language][1] in text) == (today > about.request.due)


def test_a_question_about_identity_asks_for_one_where_one_is_enough() -> None:
    one = pages.text(write(Kind.IDENTITY_QUERY, case(Kind.IDENTITY_QUERY, Right.ACCESS)))
    assert "Show us one of these:" in one
    assert a_case.LINK in one
    every = case(Kind.IDENTITY_QUERY, Right.ERASURE, any_will_do=False)
    assert "Show us this:" in pages.text(write(Kind.IDENTITY_QUERY, every))


def test_a_farewell_says_what_stays_by_which_law_and_until_when() -> None:
    text = pages.text(write(Kind.FAREWELL, case(Kind.FAREWELL, Right.ERASURE, "en")))
    assert "1 purchase, through 31 December 2033: Bokföringslagen (1999:1078), 7 kap. 2 §" in text
    assert "12 purchases, through 31 December 2034" in text
    assert "Tallmo Drift Oy" in text
    assert "complain" in text  # a part was refused
    nothing = case(Kind.FAREWELL, Right.ERASURE, "en", kept=(), told=())
    text = pages.text(write(Kind.FAREWELL, nothing))
    assert "A law requires" not in text
    assert "complain" not in text


def test_an_answer_says_which_fields_were_set_right_and_never_to_what() -> None:
    text = pages.text(write(Kind.ANSWER, case(Kind.ANSWER, Right.RECTIFICATION, "sv")))
    assert "- Namn" in text
    assert "- Telefonnummer" in text
    assert "Åsa" not in text
    assert "- Tallmo Drift Oy" in text


def test_a_member_without_a_name_is_greeted_all_the_same() -> None:
    letter = write(Kind.ACKNOWLEDGEMENT, case(Kind.ACKNOWLEDGEMENT, Right.ACCESS, name=None))
    assert letter.greeting == letter.plain_greeting == "Hello,"
    assert "<dt>To</dt>" not in pages.html(letter)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_nothing_that_a_member_is_called_becomes_markup_or_a_place_to_fill(name: str) -> None:
    hostile = f"{name}<script>{{contact}}</script>\"'&"
    letter = write(Kind.ACKNOWLEDGEMENT, case(Kind.ACKNOWLEDGEMENT, Right.ACCESS, name=hostile))
    page = pages.html(letter)
    assert "<script" not in page
    assert letter.greeting == f"Dear {hostile},"
    plain = case(Kind.ACKNOWLEDGEMENT, Right.ACCESS, name="Åsa")
    tags = re.compile(r"</?[a-zA-Z]")
    assert len(tags.findall(page)) == len(
        tags.findall(pages.html(write(Kind.ACKNOWLEDGEMENT, plain)))
    )


def test_a_page_needs_nothing_from_anywhere() -> None:
    for kind, right, language in EVERY:
        page = pages.html(write(kind, case(kind, right, language)))
        assert re.search(r"<(script|link|img|iframe|object|embed|form|base)\b", page) is None
        assert re.search(r"url\(|@import|\bsrc=|\son\w+=|javascript:", page) is None
        assert set(re.findall(r'href="([^"]*)"', page)) <= {a_case.LINK}


def test_a_letter_comes_back_as_it_was_packed_and_its_digest_tells_nothing() -> None:
    about = case(Kind.REFUSAL, Right.ERASURE, "fi")
    one, same = write(Kind.REFUSAL, about), write(Kind.REFUSAL, about)
    assert unpacked(packed(one)) == one
    assert digest(one) != digest(same)
    assert replace_salt(one) == replace_salt(same)
    assert NAME not in repr(one)


def replace_salt(letter: object) -> dict[str, object]:
    return {name: getattr(letter, name) for name in letter.__struct_fields__ if name != "salt"}  # type: ignore[attr-defined]


def test_a_letter_is_tried_again_ever_more_slowly() -> None:
    minutes = [posting.wait(attempts).total_seconds() / 60 for attempts in range(8)]
    assert minutes == [1, 1, 5, 15, 60, 240, 240, 240]


#: That data may have gone out; whether it did, nobody has written down.
MAY_HAVE = {
    "sv": "kan ha fått",
    "nb": "kan ha fått",
    "da": "kan have fået",
    "fi": "ovat voineet saada",
    "en": "may have had",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("right", [Right.RECTIFICATION, Right.RESTRICTION, Right.RELEASE])
def test_an_answer_claims_of_no_recipient_that_it_has_had_the_data(
    right: Right, language: str
) -> None:
    about = case(Kind.ANSWER, right, language, told=("Alpha AB",), silent=("Beta AB",))
    leads = [one.text for one in write(Kind.ANSWER, about).blocks if "AB" in str(one.points)]
    assert len(leads) == 2
    assert all(MAY_HAVE[language] in one for one in leads)
