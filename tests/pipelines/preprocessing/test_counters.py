import random

from pipelines.preprocessing.counters import MostFrequent


def test_required_tokens_and_the_most_frequent_others_are_kept_whatever_their_order_and_workers():
    counts = [("rare", 1), ("d:1", 0), ("C4", 9), ("D4", 5), ("B4", 5), ("E4", 5), ("A4", 4), ("F4", 2)]
    kept = MostFrequent(required={"d:1", "s:1"}, most=3, least=2)
    dice = random.Random(1)
    for cut in range(len(counts)):
        dice.shuffle(counts)
        parts = [kept.create_accumulator() for _ in range(2)]
        for number, part in enumerate((counts[:cut], counts[cut:])):
            for count in part:
                parts[number] = kept.add_input(parts[number], count)
        merged = kept.extract_output(kept.merge_accumulators(parts))
        assert merged == {"d:1": 0, "C4": 9, "B4": 5, "D4": 5}


def test_no_more_is_held_than_twice_what_is_kept():
    kept, held = MostFrequent(required=set(), most=10, least=1), {}
    for number in range(1000):
        held = kept.add_input(held, (f"token {number}", number))
        assert len(held) <= 20
    assert set(kept.extract_output(held).values()) == set(range(990, 1000))
