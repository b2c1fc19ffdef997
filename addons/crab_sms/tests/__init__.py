from . import test_code, test_erase, test_report, test_rights, test_send
