from . import test_notice, test_reminder, test_sms
