from . import test_app, test_callback, test_codes, test_login, test_messages, test_rights, test_shipping
