from . import res_company
from . import crab_subject_mixin
