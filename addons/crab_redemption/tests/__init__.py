from . import test_redeem, test_enter, test_ship, test_rights, test_greeting
