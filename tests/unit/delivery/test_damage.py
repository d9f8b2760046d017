"""What is taken for damage in the database's own tables."""

from chat_domain.entries import pair
from tests.contract.making import text
from tests.delivery.damage import read_twice

ANN = 1


def test_a_position_that_is_read_twice_is_damage_since_it_is_a_primary_key() -> None:
    one, other = text(ANN, pair(ANN, ANN)), text(ANN, pair(ANN, ANN))
    one.at, other.at = 7, 8
    assert read_twice([one, other]) == []
    assert read_twice([one, other, other]) == ["position 8 was read twice"]
