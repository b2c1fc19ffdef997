from . import crab_account
from . import crab_sms_account
from . import crab_sms_template
from . import crab_sms_limit
from . import crab_sms_code
from . import res_company
from . import sms_sms
