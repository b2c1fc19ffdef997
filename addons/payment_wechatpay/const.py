LIVE_URL = "https://api.mch.weixin.qq.com"
SANDBOX_URL = "http://127.0.0.1:8480"  # our own sandbox; WeChat has none
NOWHERE_URL = "http://127.0.0.1:9"

PAYMENT_METHOD_CODES = {"wechat_pay"}
CURRENCIES = ("CNY",)

# WeChat takes 6 to 32 of these, and _|*; those two need no escaping in an address
REFERENCE = r"[0-9A-Za-z_-]{6,32}"
REFERENCE_WORDS = 20  # letters of the document that a reference keeps
REFERENCE_RANDOM = 8

LARGEST_NOTIFICATION = 64 * 1024
PAID_STATES = ("SUCCESS", "REFUND")
NOT_FOUND = ("ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS")
# what WeChat says for good when it refuses a refund; every other refusal can pass, and is tried again
FINAL_REFUND_REFUSALS = ("INVALID_REQUEST", "PARAM_ERROR", "USER_ACCOUNT_ABNORMAL", *NOT_FOUND)
NO_BILL = ("NO_STATEMENT_EXIST",)
BILL_LATER = ("STATEMENT_CREATING",)
