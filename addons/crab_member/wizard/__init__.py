from . import crab_member_change_owner
from . import crab_member_change_level
from . import crab_member_close
from . import crab_member_invitation
from . import crab_member_level_change_ratio
