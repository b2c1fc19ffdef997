from . import res_company
from . import crab_subject_mixin
from . import crab_chain_parent_mixin
from . import crab_chain_mixin
