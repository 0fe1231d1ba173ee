import re

from interviewer.wiring import new_id


def test_an_id_can_stand_in_a_command_and_in_an_address_and_is_not_given_twice():
    made = {new_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(r"[0-9a-f]{32}", one) for one in made)
