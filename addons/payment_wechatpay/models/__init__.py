from . import payment_provider
from . import payment_transaction
from . import payment_transaction_refund
from . import payment_wechatpay_notification
from . import payment_wechatpay_bill
from . import payment_wechatpay_bill_line
