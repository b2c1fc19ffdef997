from . import test_level
from . import test_ownership
from . import test_upgrade
from . import test_invitation
from . import test_member
from . import test_rights
from . import test_import
