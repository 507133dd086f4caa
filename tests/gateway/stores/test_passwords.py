from gateway.stores.passwords import hash_password, is_password, new_password


def test_a_password_is_known_again_and_another_is_not():
    stored = hash_password("pässwörd")
    assert is_password("pässwörd", stored)
    assert not is_password("password", stored)


def test_the_same_password_is_stored_differently_each_time_and_never_as_it_is():
    stored = {hash_password("password") for _ in range(2)}
    assert len(stored) == 2
    assert not any("password" in text for text in stored)


def test_made_up_passwords_differ():
    assert len({new_password() for _ in range(100)}) == 100
