from . import crab_ledger_fact
from . import payment_provider
from . import payment_transaction
from . import payment_wechatpay_bill
from . import payment_wechatpay_bill_line
from . import res_company
from . import sale_order
