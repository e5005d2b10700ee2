from collections import Counter
from itertools import islice
from random import Random

from training.tiny.grammar import CONSTRUCTIONS
from training.tiny.pairs import EVERYDAY, HANDWRITTEN, HELD_OUT, PAIRS, handwritten_keys, interjected
from training.tiny.phrases import Draw
from training.tiny.tasks import is_held_out, key, lessons, messages
from training.tiny.words import held_out, inflect, lexicon, plural
from training.yoda.data import read_pairs
from training.yoda.score import rouge_words, spoken_words


def drawn(count, seed=3, **options):
    return list(islice(messages(Draw(Random(seed)), **options), count))


def test_no_construction_loses_or_adds_a_word():
    for make, _ in CONSTRUCTIONS:
        d = Draw(Random(make.__name__))
        for _ in range(200):
            said = make(d)
            assert Counter(said.plain.split()) == Counter(f"{said.front} {said.back}".split()), make.__name__


def test_both_answers_of_a_message_have_the_words_that_were_typed():
    for said in drawn(2000):
        words = Counter(spoken_words(said.typed))
        assert Counter(spoken_words(said.yoda)) == words, said
        assert Counter(spoken_words(said.plain)) == words, said


def test_answers_begin_with_a_capital_and_end_with_a_mark():
    for said in drawn(2000):
        assert said.yoda[-1] in ".!?" and said.plain[-1] in ".!?"
        assert not said.yoda[0].islower() and not said.plain[0].islower()


def test_most_messages_turn_and_every_construction_comes_up():
    said = drawn(3000)
    assert sum(key(one.typed) != key(one.yoda) for one in said) / len(said) > 0.9
    assert len(CONSTRUCTIONS) >= 8
    assert sum(one.typed == one.typed.lower() for one in said) / len(said) > 0.2


def test_the_same_seed_draws_the_same_messages():
    assert drawn(50) == drawn(50)
    assert drawn(50) != drawn(50, seed=4)


def test_the_lexicon_holds_over_six_hundred_words_and_its_inflections_are_right():
    assert len({word for words in lexicon().values() for word in words}) > 600
    assert inflect("carry")["past"] == "carried" and inflect("stop")["ing"] == "stopping"
    assert inflect("see:saw:seen")["part"] == "seen" and inflect("go:went:gone")["third"] == "goes"
    assert [plural(noun) for noun in ("box", "berry", "toy")] == ["boxes", "berries", "toys"]


def test_training_never_draws_a_held_out_message_or_a_sentence_of_the_evaluation():
    kept = {key(sentence) for path in (PAIRS, HELD_OUT, HANDWRITTEN, EVERYDAY) for sentence, _ in read_pairs(path)}
    assert {"hello yoda", "i am tired today"} <= kept
    for lesson in islice(lessons(42, handwritten_keys()), 4000):
        if not lesson.system.startswith("Start") and len(spoken_words(lesson.typed)) > 1:
            assert key(lesson.typed) not in kept


def test_everyday_messages_repeat_their_small_words_and_keep_them_in_both_orders():
    said = list(islice(messages(Draw(Random(9), everyday=0.5)), 2000))
    words = [spoken_words(one.typed) for one in said]
    assert all(Counter(spoken_words(one.yoda)) == Counter(typed) for one, typed in zip(said, words, strict=True))
    assert sum(typed.count("the") > 1 for typed in words) / len(words) > 0.1


def test_the_everyday_list_keeps_its_words_and_lies_apart_from_the_others():
    everyday = read_pairs(EVERYDAY)
    assert len({key(sentence) for sentence, _ in everyday}) == len(everyday) >= 40
    assert all(Counter(spoken_words(yoda)) == Counter(spoken_words(sentence)) for sentence, yoda in everyday)


def test_training_draws_no_held_out_word_and_evaluation_does():
    for held_out_too in (False, True):
        d = Draw(Random(5), held_out_too=held_out_too)
        words = [d.word("noun").split(":")[0] for _ in range(1000)]
        assert any(held_out(word) for word in words) == held_out_too


def test_the_committed_pairs_are_held_out_distinct_and_apart():
    pairs, evaluation = read_pairs(PAIRS), read_pairs(HELD_OUT)
    assert len(pairs) >= 600
    keys = [key(sentence) for sentence, _ in pairs + evaluation]
    assert len(set(keys)) == len(keys)
    assert all(is_held_out(sentence) for sentence, _ in pairs + evaluation)
    assert len(handwritten_keys()) >= 60
    extra = read_pairs(PAIRS, "translation_extra")
    assert [interjected(sentence, yoda) for sentence, yoda in pairs] == [yoda for _, yoda in extra]


def test_a_fifth_of_the_words_of_a_test_split_is_unseen():
    pairs = read_pairs(PAIRS)
    Random(0).shuffle(pairs)
    fifth = len(pairs) // 5
    seen = {word for sentence, _ in pairs[fifth:] for word in rouge_words(sentence)}
    test = [word for sentence, _ in pairs[:fifth] for word in rouge_words(sentence)]
    assert sum(word not in seen for word in test) / len(test) >= 0.2
