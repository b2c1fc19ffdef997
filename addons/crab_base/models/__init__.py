from . import res_company
from . import crab_subject_mixin
from . import crab_chain_parent_mixin
from . import crab_chain_mixin
from . import crab_outbox
from . import crab_outbox_delivery
from . import crab_idempotency
