from . import test_wechat
