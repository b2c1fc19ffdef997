from . import test_door
from . import test_generate
from . import test_guess
from . import test_import
from . import test_keys
from . import test_register
from . import test_rights
from . import test_subject
