"""What the providers' words for "no" mean: for Odoo, for whoever reads them, and for trying again."""

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

CREDIT = ("sms_credit", _lt("The credit at the provider is used up. Top it up there, then send again."))
NUMBER = ("sms_number_format", _lt("The provider does not take this phone number."))
BLACKLIST = ("sms_blacklist", _lt("The receiver does not want SMS, or the number is on the provider's blacklist."))
SIGNATURE = ("sms_registration_needed", _lt("The signature is not approved, or is not the provider's own spelling."))
TEMPLATE = ("sms_registration_needed", _lt("The template is not approved at the provider, or its number is wrong."))
PARAMS = ("sms_registration_needed", _lt("The values do not fit the template that the provider approved."))
CONTENT = ("sms_registration_needed", _lt("The provider refuses the words of this SMS."))
ACCOUNT = ("sms_acc", _lt("The provider does not accept the key, the secret or the app id, or the account is locked."))
PACE = ("sms_server", _lt("Too many SMS to this number in a short time. It is sent a little later by itself."))
DAY = ("sms_server", _lt("The provider sends no more SMS to this number, or of this account, today."))
UNKNOWN = (
    "unknown",
    _lt("It is not known whether the provider sent it. Look in its console before you send it again."),
)
NOT_THERE = ("sms_server", _lt("The provider has not got it."))
LATE = ("sms_server", _lt("It was not sent in time and is of no use any more."))
UNREACHABLE = ("sms_server", _lt("The provider cannot be reached. It is tried again by itself."))
FREE_TEXT = ("sms_registration_needed", _lt("Chinese providers send approved templates only, no free text."))
UNREADY = ("sms_acc", _lt("The provider's account is switched off, or its secret is missing."))
NOT_DELIVERED = ("sms_server", _lt("The network could not deliver it: switched off, no reception, or out of use."))

# the beginning of a code: its meaning
MEANINGS = {
    "FailedOperation.InsufficientBalanceInSmsPackage": CREDIT,
    "isv.AMOUNT_NOT_ENOUGH": CREDIT,
    "isv.OUT_OF_SERVICE": CREDIT,
    "InvalidParameterValue.IncorrectPhoneNumber": NUMBER,
    "UnsupportedOperation.": NUMBER,
    "isv.MOBILE_NUMBER_ILLEGAL": NUMBER,
    "FailedOperation.PhoneNumberInBlacklist": BLACKLIST,
    "isv.BLACK_KEY_CONTROL_LIMIT": BLACKLIST,
    "FailedOperation.SignatureIncorrectOrUnapproved": SIGNATURE,
    "isv.SMS_SIGNATURE_": SIGNATURE,
    "FailedOperation.TemplateIncorrectOrUnapproved": TEMPLATE,
    "FailedOperation.MissingTemplateList": TEMPLATE,
    "isv.SMS_TEMPLATE_ILLEGAL": TEMPLATE,
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": PARAMS,
    "InvalidParameterValue.TemplateParameter": PARAMS,
    "isv.TEMPLATE_": PARAMS,
    "isv.PARAM_": PARAMS,
    "FailedOperation.ContainSensitiveWord": CONTENT,
    "isv.SMS_CONTENT_ILLEGAL": CONTENT,
    "AuthFailure": ACCOUNT,
    "UnauthorizedOperation": ACCOUNT,
    "InvalidParameterValue.SdkAppIdNotExist": ACCOUNT,
    "isp.RAM_PERMISSION_DENY": ACCOUNT,
    "isv.ACCOUNT_": ACCOUNT,
    "InvalidAccessKeyId": ACCOUNT,
    "SignatureDoesNotMatch": ACCOUNT,
    "LimitExceeded.PhoneNumberThirtySecondLimit": PACE,
    "LimitExceeded.PhoneNumberOneHourLimit": PACE,
    "RequestLimitExceeded": PACE,
    "Throttling": PACE,
    "isv.BUSINESS_LIMIT_CONTROL": PACE,
    "LimitExceeded.": DAY,
    "isv.DAY_LIMIT_CONTROL": DAY,
    "unknown": UNKNOWN,
    "not_there": NOT_THERE,
    "late": LATE,
    "unreachable": UNREACHABLE,
    "free_text": FREE_TEXT,
    "unready": UNREADY,
    "not_delivered": NOT_DELIVERED,
}
# refusals that one number brings upon a whole call
OF_ONE_NUMBER = (NUMBER, BLACKLIST, PACE)


def meaning(code, message=""):
    """``(failure type of sms.sms, lazy text or None)`` of a provider's code."""
    if code == "isv.BUSINESS_LIMIT_CONTROL" and "天" in message:  # one code for minute, hour and day
        return DAY
    return next((known for start, known in MEANINGS.items() if code.startswith(start)), ("sms_server", None))


def wait_seconds(code, message=""):
    """After how many seconds a refusal of pace has passed; 0: by itself it does not pass."""
    if meaning(code, message) is not PACE:
        return 0
    return 3600 if "Hour" in code or "小时" in message else 60
