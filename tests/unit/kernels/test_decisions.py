"""Decision numbers: unique, and out of reach of users' mechanisms."""

from hypothesis import given, settings
from hypothesis import strategies as st

from communize.kernels import decisions

NUMBERS = {name: value for name, value in vars(decisions).items() if name.isupper() and name != "USER"}


def test_decision_numbers_are_unique():
    assert len(NUMBERS) > 20
    assert len(set(NUMBERS.values())) == len(NUMBERS)


def test_decision_numbers_lie_below_those_of_users():
    assert decisions.USER == 2**31
    assert all(isinstance(value, int) and 0 < value < 2**31 for value in NUMBERS.values())


def test_the_number_of_a_users_mechanism_never_changes():
    # printf 'food_bank:FoodBank' | b2sum -l 32  gives a1cd2540, here read from its last byte
    assert decisions.user_decision("food_bank:FoodBank") == 2**31 + 0x4025CDA1


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.text(st.characters(codec="latin-1")))
def test_users_numbers_fill_the_upper_half_of_a_word(name):
    assert 2**31 <= decisions.user_decision(name) < 2**32


def test_users_numbers_differ_by_name():
    numbers = {decisions.user_decision(f"my_model:Mechanism{i}") for i in range(1000)}
    assert len(numbers) == 1000
    assert len({number % 16 for number in numbers}) == 16
    assert max(numbers) - min(numbers) > 2**30
