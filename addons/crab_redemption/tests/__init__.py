from . import test_redeem, test_enter, test_receiver, test_ship, test_wave, test_rights, test_greeting
