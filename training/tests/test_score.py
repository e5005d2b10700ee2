import pytest

from training.tiny.pairs import HELD_OUT
from training.yoda.data import read_pairs
from training.yoda.score import (
    copy_floor,
    exact,
    fidelity,
    measure,
    order_changed,
    rouge_l,
    rule_floor,
    strip_interjections,
)  # fmt: skip


def test_rouge_l_equals_values_worked_out_by_hand():
    assert rouge_l("the cat sat", "the cat sat") == 1.0
    # Longest common subsequence "tired i am" (3) of 3 and 4 words: 2 * 3 / 7.
    assert rouge_l("Tired, I am.", "Tired today, I am.") == pytest.approx(6 / 7)
    # "find the droid" (3) of 8 words each.
    assert rouge_l("You will find the droid in the cave", "In the cave, find the droid you will") == pytest.approx(
        3 / 8
    )
    assert rouge_l("Tired, I am.", "I AM tired") == pytest.approx(4 / 6)


@pytest.mark.parametrize("nothing", ["", "...", "日本"])
def test_an_answer_without_words_scores_zero(nothing):
    assert rouge_l(nothing, "Tired, I am.") == 0.0
    assert fidelity("", "I am tired.") == 0.0


def test_fidelity_counts_lost_and_added_words_and_ignores_order():
    assert fidelity("Tired, I am.", "I am tired") == 1.0
    assert fidelity("Tired I am, very.", "I am tired.") == pytest.approx(6 / 7)
    assert fidelity("the the the", "the cat") == pytest.approx(2 / 5)
    assert fidelity("Know, I do not.", "I don\u2019t know") == 1.0
    assert fidelity("עייף אני", "אני עייף") == 1.0


def test_order_changed_sees_order_and_not_punctuation():
    assert order_changed("I am tired!", "i'm tired") == 0.0
    assert order_changed("Tired, I am.", "I am tired.") == 1.0


@pytest.mark.parametrize(
    "noisy",
    [
        "Hrrmmm. Tired, I am.", "Tired, I am. Yes, hrrmmm.", "Tired, I am. Yes, hrrrm.", "Tired, I am. Hmm.",
        "Tired, I am. Hrmmm.", "Tired, I am. Yrsssss.", "Tired, I am.",
    ],
)  # fmt: skip
def test_all_six_interjections_are_stripped(noisy):
    assert strip_interjections(noisy) == "Tired, I am."


@pytest.mark.parametrize(
    ("sentence", "turned"),
    [
        ("I am tired today.", "tired today, I am."),
        ("She does not eat meat", "eat meat, She does not."),
        ("The boy walked to the market.", "to the market, The boy walked."),
        ("Hello", "Hello"),
        ("", ""),
    ],
)
def test_the_rule_floor_turns_once(sentence, turned):
    assert rule_floor(sentence).lower() == turned.lower()


def test_identity_gives_the_copy_floor_and_references_give_one():
    rows = read_pairs(HELD_OUT)
    floor = measure(rows, copy_floor)
    assert floor["fidelity"] == 1.0 and floor["order_changed"] == 0.0
    assert floor["rouge_l"] <= 0.70
    answers = dict(rows)
    perfect = measure(rows, answers.__getitem__)
    assert perfect == {"rouge_l": 1.0, "fidelity": 1.0, "order_changed": 1.0, "exact": 1.0}


def test_exact_ignores_case_and_punctuation():
    assert exact("tired i am", "Tired, I am.") == 1.0
    assert exact("", "Tired") == 0.0
